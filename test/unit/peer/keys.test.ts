import { DataPacket, DataPacket_Kind, SipDTMF } from '@livekit/protocol';
import { describe, expect, test } from 'vitest';
import { all } from '../room/world.ts';
import { browserOffer, firstOffer } from './offer.ts';
import { Client, Rig } from './rig.ts';

function press(rig: Rig, key: { code: number; digit: string }, to: string[] = []): void {
  const transport = rig.told('transport.open').at(-1)?.transport ?? '';
  const bytes = new DataPacket({
    kind: DataPacket_Kind.RELIABLE,
    participantIdentity: 'boss',
    destinationIdentities: to,
    value: { case: 'sipDtmf', value: new SipDTMF(key) },
  }).toBinary();
  rig.media({ type: 'data.received', transport, channel: '_reliable', bytes });
}

const seen = (rig: Rig) => rig.told('data.send').map(({ bytes }) => DataPacket.fromBinary(bytes));

describe('keys', () => {
  test("of a phone reach clients as LiveKit's SipDTMF in the phone's name", () => {
    const rig = new Rig();
    const client = new Client(rig);
    client.offer(browserOffer(firstOffer));
    client.connect();
    const { participant, room } = rig.phone('1');
    for (const digit of ['0', '*', '#', 'D']) room.pressKey(participant, digit, []);
    expect(seen(rig).map(({ participantIdentity, value }) => [participantIdentity, value])).toEqual(
      [
        [0, '0'],
        [10, '*'],
        [11, '#'],
        [15, 'D'],
      ].map(([code, digit]) => [
        'sip_1',
        { case: 'sipDtmf', value: expect.objectContaining({ code, digit }) },
      ]),
    );
  });

  test('of a client go to phones by name or to all, whoever it says that it is', () => {
    const rig = new Rig();
    const pressed: string[] = [];
    const one = rig.phone('1', undefined, (digit, from) => pressed.push(`${digit} of ${from.identity}`));
    const client = new Client(rig);
    client.offer(browserOffer(firstOffer));
    client.connect();
    press(rig, { code: 5, digit: '5' });
    press(rig, { code: 11, digit: '' }, [one.participant.identity]);
    press(rig, { code: 1, digit: '1' }, ['nobody']);
    press(rig, { code: 99, digit: '' });
    press(rig, { code: 1, digit: '11' });
    expect(pressed).toEqual(['5 of ada', '# of ada']);
    expect(rig.drops).toEqual(['data-malformed', 'data-malformed']);
  });

  test('of a client that may send no data are not passed on', () => {
    const rig = new Rig();
    const pressed: string[] = [];
    rig.phone('1', undefined, (digit) => pressed.push(digit));
    const client = new Client(rig, { permissions: { ...all, canPublishData: false } });
    client.offer(browserOffer(firstOffer));
    press(rig, { code: 5, digit: '5' });
    expect(pressed).toEqual([]);
    expect(rig.drops).toEqual(['data-not-allowed']);
  });
});
