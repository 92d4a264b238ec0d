import { AddTrackRequest, SessionDescription, TrackSource, TrackType } from '@livekit/protocol';
import { describe, expect, test } from 'vitest';
import { browserOffer, section } from './offer.ts';
import { Client, Rig } from './rig.ts';

function answer(
  client: Client,
  lines: Parameters<typeof browserOffer>[0],
  id: number,
  without: string[] = [],
): void {
  const sdp = browserOffer(lines, { setup: 'active', without });
  client.say({ case: 'answer', value: new SessionDescription({ type: 'answer', sdp, id }) });
}

describe('two peer connections', () => {
  test('the subscriber connection is offered at once, and phones appear in later offers', () => {
    const rig = new Rig();
    const client = new Client(rig, { connections: 'dual' });
    expect(client.last('join').subscriberPrimary).toBe(true);
    const first = client.last('offer');
    expect(first.id).toBe(1);
    expect(first.sdp).toContain('a=ice-lite');
    expect(section(first.sdp, '0')).toContain('a=setup:actpass');
    expect(section(first.sdp, '0')).toContain('a=inactive');
    expect(section(first.sdp, 'data')).toContain('a=sctp-port:5000');

    const lines = [
      { mid: '0', kind: 'audio', direction: 'inactive' },
      { mid: 'data', kind: 'application' },
    ] as const;
    answer(client, lines, 1);
    expect(rig.told('transport.remote')).toHaveLength(1);
    client.connect();
    const { participant, track } = rig.phone('1000');
    rig.phone('2000');
    rig.pass(20);
    const second = client.last('offer');
    expect(second.id).toBe(2);
    expect(second.sdp.match(/^m=\w+/gm)).toEqual(['m=audio', 'm=application', 'm=audio']);
    const mline = section(second.sdp, '0');
    expect(mline).toMatch(/^m=audio 9 UDP\/TLS\/RTP\/SAVPF 8\r\n/);
    expect(mline).toContain(`a=msid:${participant.sid}|${track.sid} ${track.sid}`);
    expect(second.midToTrackId).toEqual({ '0': 'TR_phone1000', '1': 'TR_phone2000' });
    expect(rig.told('sender.open')).toHaveLength(0);

    rig.phone('3000');
    rig.pass(20);
    expect(client.count('offer')).toBe(2);
    answer(
      client,
      [
        ...lines.map((line) => (line.mid === '0' ? { ...line, direction: 'recvonly' as const } : line)),
        { mid: '1', kind: 'audio' },
      ],
      2,
    );
    expect(rig.told('sender.open').map(({ mid }) => mid)).toEqual(['0', '1']);
    expect(rig.told('sender.open')[0]?.codecs).toEqual([
      expect.objectContaining({ mime: 'audio/pcma', payloadType: 8 }),
    ]);
    rig.pass(20);
    expect(client.last('offer').id).toBe(3);
  });

  test('data comes on the connection that the client listens on, whichever it publishes data on', () => {
    const rig = new Rig();
    const client = new Client(rig, { connections: 'dual' });
    client.offer(browserOffer([{ mid: '0', kind: 'application' }]), 1);
    const [subscriber, publisher] = rig.told('transport.open').map((command) => command.transport);
    rig.media({ type: 'data.opened', transport: publisher ?? '', channel: '_reliable' });
    const { participant, room } = rig.phone('1');
    room.sendData(participant, 'reliable', new Uint8Array(3), []);
    expect(rig.told('data.send').map((command) => command.transport)).toEqual([subscriber]);
  });

  test('a refused codec ends in a message, not in a loop of offers', () => {
    const rig = new Rig();
    const client = new Client(rig, { connections: 'dual' });
    const lines = [
      { mid: '0', kind: 'audio' },
      { mid: 'data', kind: 'application' },
    ] as const;
    answer(client, lines, 1);
    client.connect();
    rig.phone('1');
    rig.pass(20);
    answer(client, lines, 2, ['PCMA']);
    expect(client.last('subscriptionResponse').trackSid).toBe('TR_phone1');
    rig.pass(10_000);
    expect(client.count('offer')).toBe(2);
    expect(rig.told('sender.open')).toHaveLength(0);
  });

  test('publishing has a transport of its own', () => {
    const rig = new Rig();
    const client = new Client(rig, { connections: 'dual' });
    client.addTrack(new AddTrackRequest({ cid: 'c', type: TrackType.AUDIO, source: TrackSource.MICROPHONE }));
    client.offer(browserOffer([{ mid: '0', kind: 'audio', direction: 'sendonly', cid: 'c' }]), 1);
    const [subscriber, publisher] = rig.told('transport.open');
    expect(rig.told('receiver.open')[0]?.transport).toBe(publisher?.transport);
    expect(subscriber?.transport).not.toBe(publisher?.transport);
    expect(client.last('answer').id).toBe(1);
    client.connect(1);
    expect(rig.rooms.find('lobby')?.participants.get('ada')?.state).toBe('joined');
    client.say({ case: 'leave', value: {} as never });
    expect(rig.told('transport.close')).toHaveLength(2);
  });

  test('answers that nobody asked for are dropped', () => {
    const rig = new Rig();
    const client = new Client(rig, { connections: 'dual' });
    answer(client, [{ mid: '0', kind: 'audio' }], 9);
    expect(rig.drops).toEqual(['answer-unasked']);
    const single = new Client(rig, { identity: 'bob' });
    answer(single, [{ mid: '0', kind: 'audio' }], 1);
    expect(rig.drops).toHaveLength(2);
    expect(client.closes).toEqual([]);
  });
});
