import { DataPacket, SignalRequest } from '@livekit/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { passData } from '../../../src/peer/data.ts';
import { readFrame } from '../../../src/peer/frames.ts';
import { browserOffer, firstOffer } from './offer.ts';
import { Client, Rig } from './rig.ts';

describe('whatever a client sends', () => {
  test('a frame is a value, never an exception', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string(), fc.json()), (data) => {
        expect(typeof readFrame(data).ok).toBe('boolean');
      }),
    );
  });

  test('a session survives, and others in the room do not notice', () => {
    const rig = new Rig();
    const witness = new Client(rig, { identity: 'witness' });
    const good = new SignalRequest({
      message: { case: 'offer', value: { type: 'offer', sdp: browserOffer(firstOffer), id: 1 } },
    }).toBinary();
    const mutated = fc
      .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 12 })
      .map((changes) => {
        const bytes = good.slice();
        for (const [at, value] of changes) bytes[at] = value;
        return bytes;
      });
    const odd = fc.record({
      trackSids: fc.array(fc.string(), { maxLength: 5 }),
      sid: fc.string(),
      muted: fc.boolean(),
      cid: fc.string(),
      type: fc.nat(9),
      source: fc.nat(20),
      sdp: fc.string(),
      id: fc.nat(),
    });
    const request = fc
      .tuple(
        fc.constantFrom(
          'addTrack',
          'mute',
          'subscription',
          'trackSetting',
          'answer',
          'offer',
          'trickle',
          'simulate',
          'syncState',
        ),
        odd,
      )
      .map(([kind, fields]) => JSON.stringify({ [kind]: fields }));
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated, request), { maxLength: 20 }),
        (frames) => {
          const client = new Client(rig, { identity: 'hostile' });
          for (const frame of frames) client.session.message(frame);
          client.session.closed();
          rig.pass(100);
        },
      ),
      { numRuns: 150 },
    );
    expect(witness.closes).toEqual([]);
    expect(rig.rooms.find('lobby')?.participants.size).toBe(1);
  });

  test('a data packet carries the name of who sent it, whatever it says', () => {
    const { participant, room } = new Rig().phone('1');
    const forged = new DataPacket({
      participantIdentity: 'boss',
      participantSid: 'PA_boss',
      value: {
        case: 'user',
        value: {
          participantIdentity: 'boss',
          payload: new Uint8Array([1]),
          destinationIdentities: ['ada'],
        },
      },
    });
    const passed: { packet: Uint8Array; to: readonly string[] }[] = [];
    const listening = Object.create(room) as typeof room;
    listening.sendData = (_, __, packet, to) => passed.push({ packet, to });
    listening.pressKey = () => {};
    expect(passData(listening, participant, '_reliable', forged.toBinary())).toBeUndefined();
    expect(passed[0]?.to).toEqual(['ada']);
    const seen = DataPacket.fromBinary(passed[0]?.packet ?? new Uint8Array(0));
    expect(seen).toMatchObject({ participantIdentity: 'sip_1', participantSid: participant.sid });
    expect(seen.value.value).toMatchObject({ participantIdentity: 'sip_1' });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(['undefined', 'string']).toContain(typeof passData(listening, participant, '_lossy', bytes));
      }),
    );
  });
});
