import { beforeEach, describe, expect, test } from 'vitest';
import { type Answer, readAnswer } from '../../../src/netcheck/messages.ts';
import type { IcePolicy } from '../../../src/peer/context.ts';
import { NetcheckSession } from '../../../src/peer/netcheck.ts';
import { browserOffer } from './offer.ts';
import { Rig } from './rig.ts';

const OFFER = browserOffer([{ mid: '0', kind: 'application' }]);
const PATH = { protocol: 'udp', remote: '192.0.2.50:4000', relayed: false } as const;

let rig: Rig;
let said: Answer[];
let closed: [number, string][];
let session: NetcheckSession;
let policy: IcePolicy;

beforeEach(() => {
  rig = new Rig();
  said = [];
  closed = [];
  policy = 'all';
  begin();
});

function begin(): void {
  const socket = {
    queued: 0,
    source: '192.0.2.50',
    send: (frame: Uint8Array | string) => {
      const answer = readAnswer(String(frame));
      if (answer === undefined) throw new Error(`no answer: ${String(frame)}`);
      said.push(answer);
    },
    close: (code: number, reason: string) => closed.push([code, reason]),
  };
  const context = { ...rig.context, icePorts: [7882, 7883], icePolicy: () => policy };
  session = new NetcheckSession(context, socket, { identity: 'ada', room: 'lobby' });
  session.start();
}

const ask = (question: object) => session.message(JSON.stringify(question));
const offer = () => ask({ type: 'offer', way: 'udp', sdp: OFFER });

function echo(length: number): void {
  const transport = rig.told('transport.open').at(-1)!.transport;
  rig.media({ type: 'data.received', transport, channel: '_lossy', bytes: new Uint8Array(length) });
}

describe('a connection test', () => {
  test('says every worker’s media ports and the TURN servers of who asks', () => {
    expect(said).toMatchObject([
      {
        type: 'welcome',
        media: [
          { transport: 'udp', address: '192.0.2.1', port: 7882 },
          { transport: 'udp', address: '192.0.2.1', port: 7883 },
        ],
        servers: [{ username: 'u:ada' }],
      },
    ]);
    expect(rig.commands).toEqual([]);
  });

  test('answers an offer with a data channel, in no room', () => {
    offer();
    expect(said.at(-1)).toMatchObject({ type: 'answer', way: 'udp' });
    const { sdp } = said.at(-1) as Extract<Answer, { type: 'answer' }>;
    expect(sdp).toContain('a=candidate:1 1 udp');
    expect(sdp).toContain('m=application 9 UDP/DTLS/SCTP webrtc-datachannel');
    expect(rig.told('transport.remote')).toHaveLength(1);
    expect([...rig.rooms.rooms]).toEqual([]);
  });

  test('echoes what comes, so much and so long and no more', () => {
    offer();
    echo(64);
    expect(rig.told('data.send')).toMatchObject([{ channel: '_lossy', bytes: new Uint8Array(64) }]);
    echo(257);
    expect(rig.told('data.send')).toHaveLength(1);
    for (let i = 0; i < 400; i++) echo(1);
    expect(rig.told('data.send')).toHaveLength(200);
  });

  test('opens a place for checks, whose password is in the answer alone', () => {
    ask({ type: 'stun' });
    const { local } = rig.told('transport.open')[0]!;
    expect(said.at(-1)).toMatchObject({ type: 'stun', ...local, media: [{ port: 7882 }] });
  });

  test('of a room whose browsers come by TURN alone offers no other way', () => {
    policy = 'relay';
    begin();
    expect(said.at(-1)).toMatchObject({ type: 'welcome', media: [], servers: [{ username: 'u:ada' }] });
    offer();
    expect(rig.told('transport.open').at(-1)).toMatchObject({ ways: 'relay' });
  });

  test('refuses what it cannot use, and counts it', () => {
    session.message('nonsense');
    session.message(Uint8Array.of(1, 2, 3));
    ask({ type: 'offer', way: 'a', sdp: 'v=0' });
    ask({ type: 'offer', way: 'b', sdp: browserOffer([{ mid: '0', kind: 'audio' }]) });
    expect(said.slice(1)).toMatchObject([
      { type: 'refused', reason: 'malformed' },
      { type: 'refused', reason: 'malformed' },
      { type: 'refused', reason: 'bad-offer', way: 'a' },
      { type: 'refused', reason: 'bad-offer', way: 'b' },
    ]);
    expect(rig.drops).toEqual([
      'netcheck-malformed',
      'netcheck-malformed',
      'netcheck-bad-offer',
      'netcheck-bad-offer',
    ]);
    expect(rig.commands).toEqual([]);
  });

  test('opens no more than 24 transports, and hears no more than 200 questions', () => {
    for (let i = 0; i < 30; i++) offer();
    expect(rig.told('transport.open')).toHaveLength(24);
    expect(said.at(-1)).toMatchObject({ type: 'refused', reason: 'too-many' });
    for (let i = 0; i < 200; i++) ask({ type: 'ping', number: i });
    expect(closed).toEqual([[1008, 'too many questions']]);
    expect(rig.told('room.close')).toHaveLength(1);
  });

  test('leaves nothing behind when the WebSocket closes, and tells by what it connected', () => {
    offer();
    const { transport } = rig.told('transport.open')[0]!;
    rig.media({ type: 'transport.connected', transport, path: PATH });
    rig.now += 4000;
    session.closed();
    expect(rig.told('transport.close')).toMatchObject([{ transport }]);
    expect(rig.told('room.close')).toHaveLength(1);
    expect(rig.timers.size).toBe(0);
    expect(rig.events.at(-1)).toEqual({
      ...{ type: 'netcheck.over', identity: 'ada', paths: ['udp'], tried: 1, tookMs: 4000 },
    });
    session.closed();
    offer();
    expect(rig.told('transport.open')).toHaveLength(1);
    expect(rig.events.filter(({ type }) => type === 'netcheck.over')).toHaveLength(1);
  });

  test('is over after a minute', () => {
    offer();
    rig.pass(60_000);
    expect(closed).toEqual([[1000, 'the test took too long']]);
    expect(rig.told('room.close')).toHaveLength(1);
  });

  test('ends with the media worker that it is in', () => {
    offer();
    rig.media({ type: 'worker.failed', reason: 'test' });
    expect(closed).toEqual([[1001, 'the media worker is gone']]);
    expect(rig.timers.size).toBe(0);
  });
});
