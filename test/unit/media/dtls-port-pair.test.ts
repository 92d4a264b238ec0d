/** DTLS on a phone's RTP port, with an engine that does as the test says. */
import { describe, expect, test } from 'vitest';
import type { QuietLane } from '../../../src/base/quiet-lane.ts';
import { DropCounter } from '../../../src/media/drop-counter.ts';
import type { DtlsEvent } from '../../../src/media/dtls-port.ts';
import { DtlsPortPair } from '../../../src/media/dtls-port-pair.ts';
import type { LegDtls } from '../../../src/media/protocol.ts';
import { SrtpSockets } from '../../../src/media/srtp-sockets.ts';
import { rtpHeaderLength, SrtpOpener, SrtpSealer } from '../../../src/rtp/srtp/session.ts';
import { LossyNet } from '../../support/lossy-net.ts';

const PHONE = '192.0.2.9';
const PRINT = [{ algorithm: 'sha-256', value: 'AB' }];
const OTHER = [{ algorithm: 'sha-256', value: 'CD' }];
const WAITS = { fingerprints: PRINT, role: 'server' } as const;
const CALLS = { fingerprints: PRINT, role: 'client' } as const;
const HELLO = Uint8Array.of(22, 254, 253, 0);
const master = (fill: number) => ({
  key: new Uint8Array(16).fill(fill),
  salt: new Uint8Array(12).fill(fill),
});

/** Where the phone says it is. */
const at = (port = 4000, address = PHONE) => ({
  remote: { address, port, rtcpPort: port + 1 },
  allowedSources: [PHONE],
});

function rig(agreed: LegDtls = WAITS) {
  const net = new LossyNet(3);
  const pair = { rtp: net.open('198.51.100.5', 10_000), rtcp: net.open('198.51.100.5', 10_001) };
  const drops = new DropCounter();
  const sessions: {
    role: string;
    got: number;
    closed: boolean;
    tell(event: DtlsEvent): void;
    send(bytes: Uint8Array): void;
  }[] = [];
  const dtls = new DtlsPortPair(pair, {
    engine: {
      by: 'werift',
      fingerprint: PRINT[0]!,
      open: ({ send, onEvent }) => {
        const session = { role: 'server', got: 0, closed: false, tell: onEvent, send };
        sessions.push(session);
        return {
          expect() {},
          begin: () => {
            session.role = 'client';
          },
          receive: () => void session.got++,
          sendData: () => false,
          close: () => {
            session.closed = true;
          },
        };
      },
    },
    ...{ drops, clock: net },
    onKeys: (keys) => sockets.setKeys(keys),
  });
  const sockets = new SrtpSockets(dtls, net, drops);
  const up: Uint8Array[] = [];
  sockets.rtp.onDatagram = (bytes) => void up.push(bytes.slice());
  dtls.expect(agreed, at());
  sockets.setKeys('awaited');
  const counted = () => {
    const all: string[] = [];
    drops.flush((where, reason, count) => all.push(`${where} ${reason} ${count}`));
    return all;
  };
  return { net, pair, dtls, sockets, sessions, up, counted };
}

const connected: DtlsEvent = {
  type: 'connected',
  profile: 'AEAD_AES_128_GCM',
  local: master(1),
  remote: master(2),
};
const rtp = () => Uint8Array.from([0x80, 8, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9, ...new Array<number>(160).fill(7)]);

test('nothing passes before the handshake, and afterwards what is sealed alone', () => {
  const { net, pair, sockets, sessions, up, counted } = rig();
  const phone = net.open(PHONE, 4000);
  const heard: Uint8Array[] = [];
  phone.onDatagram = (bytes) => void heard.push(bytes);
  phone.send(rtp(), 10_000, '198.51.100.5');
  sockets.rtp.send(rtp(), 4000, PHONE);
  net.run(100);
  expect([up.length, heard.length]).toEqual([0, 0]);
  expect(counted()).toEqual(['srtp no-keys 1']);
  phone.send(HELLO, 10_000, '198.51.100.5');
  net.run(200);
  sessions[0]!.send(HELLO);
  net.run(300);
  expect(heard).toEqual([HELLO]);
  sessions[0]!.tell(connected);
  sockets.rtp.send(rtp(), 4000, PHONE);
  const packet = new Uint8Array(200);
  packet.set(rtp());
  const sealed = new SrtpSealer('AEAD_AES_128_GCM', master(2)).sealRtp(
    packet,
    rtpHeaderLength(packet, 172),
    172,
  );
  phone.send(packet.slice(0, Number(sealed)), 10_000, '198.51.100.5');
  phone.send(rtp(), 10_000, '198.51.100.5');
  net.run(400);
  expect(up).toEqual([rtp()]);
  const last = heard.at(-1)!;
  expect(new SrtpOpener('AEAD_AES_128_GCM', master(1)).openRtp(last, last.length)).toBe(172);
  pair.rtp.close();
});

test('who is elsewhere gets no handshake; who is there and somebody else costs the phone nothing', () => {
  const { net, sessions, counted } = rig();
  const hello = (address: string, port: number) => {
    net.open(address, port).send(HELLO, 10_000, '198.51.100.5');
    net.run(net.now() + 10);
  };
  hello('203.0.113.66', 4000);
  expect(sessions).toHaveLength(0);
  hello(PHONE, 6666);
  hello(PHONE, 4000);
  sessions[0]!.tell({ type: 'rejected', reason: 'fingerprint' });
  hello(PHONE, 6667);
  sessions[1]!.tell(connected);
  expect(sessions.map(({ closed }) => closed)).toEqual([false, false, true]);
  hello(PHONE, 6668);
  expect(sessions).toHaveLength(3);
  expect(counted()).toEqual([
    'dtls source-not-allowed 1',
    'dtls rejected-fingerprint 1',
    'dtls source-not-latched 1',
  ]);
});

test('who tries for long and proves nothing does not keep the phone out, nor what was spoilt for itself', () => {
  const { net, sessions, counted } = rig();
  const hello = (port: number) => {
    net.open(PHONE, port).send(HELLO, 10_000, '198.51.100.5');
    net.run(net.now() + 10);
  };
  for (const port of [6661, 6662, 6663]) hello(port);
  hello(4000);
  hello(4002);
  expect(sessions.map(({ got }) => got)).toEqual([1, 1, 1, 1]);
  expect(counted()).toEqual(['dtls source-not-latched 1']);
  net.run(31_000);
  hello(4000);
  expect(sessions.map(({ closed }) => closed)).toEqual([true, true, true, true, false]);
  expect(counted()).toEqual(['dtls timeout 4']);
  sessions[4]!.tell(connected);
  net.run(62_000);
  hello(4000);
  expect(sessions[4]).toMatchObject({ got: 2, closed: false });
});

test('the same certificates again keep what stands, others ask for another handshake', () => {
  const { net, dtls, sessions } = rig();
  const phone = net.open(PHONE, 4000);
  const hello = () => {
    phone.send(HELLO, 10_000, '198.51.100.5');
    net.run(net.now() + 10);
  };
  hello();
  sessions[0]!.tell(connected);
  dtls.expect({ ...WAITS }, at());
  hello();
  expect(sessions).toHaveLength(1);
  dtls.expect({ ...WAITS, fingerprints: OTHER }, at());
  hello();
  expect(sessions.map(({ closed, got }) => [closed, got])).toEqual([
    [true, 2],
    [false, 1],
  ]);
  dtls.close();
  expect(sessions[1]!.closed).toBe(true);
});

test('a phone can rest beside DTLS once there are keys, and not while new ones are awaited', () => {
  const { net, pair, dtls, sockets, sessions } = rig();
  const lane: QuietLane = {
    id: 1,
    fan: { send() {} },
    rest: () => true,
    holds: () => false,
    drain: () => 0,
    wake() {},
  };
  Object.assign(pair.rtp, { lane });
  expect(sockets.rtp.lane).toBeUndefined();
  net.open(PHONE, 4000).send(HELLO, 10_000, '198.51.100.5');
  net.run(100);
  sessions[0]!.tell(connected);
  expect(sockets.rtp.lane).toBeDefined();
  dtls.expect({ ...WAITS, fingerprints: OTHER }, at());
  sockets.setKeys('awaited');
  expect(sockets.rtp.lane).toBeUndefined();
});

describe('where we are to begin', () => {
  const tells = (net: LossyNet, port: number, bytes: Uint8Array = HELLO) => {
    net.open(PHONE, port).send(bytes, 10_000, '198.51.100.5');
    net.run(net.now() + 10);
  };

  test('it is with who is where the phone says, and with nobody else', () => {
    const { net, sessions, counted } = rig(CALLS);
    expect(sessions.map(({ role }) => role)).toEqual(['client']);
    const heard: Uint8Array[] = [];
    net.open(PHONE, 4000).onDatagram = (bytes) => void heard.push(bytes);
    sessions[0]!.send(HELLO);
    net.run(10);
    expect(heard).toEqual([HELLO]);
    tells(net, 4000);
    tells(net, 4001);
    expect(sessions.map(({ got }) => got)).toEqual([1]);
    expect(counted()).toEqual(['dtls source-not-latched 1']);
  });

  test('nothing is said while nothing may be sent, or nobody is there', () => {
    const { dtls, sessions } = rig(WAITS);
    dtls.expect(CALLS, { ...at(), sending: 'withheld' });
    dtls.expect(CALLS, at(4000, '0.0.0.0'));
    dtls.expect(CALLS, at(0));
    expect(sessions).toEqual([]);
    dtls.expect(CALLS, at());
    dtls.expect(CALLS, at());
    expect(sessions.map(({ role }) => role)).toEqual(['client']);
  });

  test('a phone that moves meanwhile is called where it is', () => {
    const { dtls, sessions } = rig(CALLS);
    dtls.expect(CALLS, at(5000));
    expect(sessions.map(({ closed }) => closed)).toEqual([true, false]);
    sessions[1]!.tell(connected);
    // What stands goes on wherever it is (RFC 8842 section 3.1).
    dtls.expect(CALLS, at(6000));
    expect(sessions).toHaveLength(2);
  });

  test('what was spoilt is begun again, but not for ever', () => {
    const { sessions, counted, dtls } = rig(CALLS);
    for (let i = 0; i < 4; i++) sessions.at(-1)!.tell({ type: 'rejected', reason: 'certificate-verify' });
    expect(sessions).toHaveLength(4);
    expect(counted()).toContain('dtls no-answer 1');
    // Another description begins to count anew.
    dtls.expect({ ...CALLS, fingerprints: OTHER }, at());
    expect(sessions).toHaveLength(5);
  });

  test('other certificates, another role and another tls-id each ask for another association', () => {
    const { dtls, sessions } = rig(CALLS);
    sessions[0]!.tell(connected);
    const expects = (agreed: LegDtls) => dtls.expect(agreed, at());
    expect(expects({ ...CALLS })).toBe('stands');
    expect(expects({ ...CALLS, theirId: 'a'.repeat(20) })).toBe('anew');
    expect(expects({ ...CALLS, theirId: 'b'.repeat(20) })).toBe('anew');
    expect(expects({ ...CALLS, theirId: 'b'.repeat(20), fingerprints: OTHER })).toBe('anew');
    expect(sessions.map(({ closed }) => closed)).toEqual([true, true, true, false]);
    expect(expects({ ...WAITS, theirId: 'b'.repeat(20), fingerprints: OTHER })).toBe('anew');
    expect(sessions.map(({ closed }) => closed)).toEqual([true, true, true, true]);
  });
});

describe('a phone that begins anew', () => {
  const hello = ({ net }: ReturnType<typeof rig>, port: number) => {
    net.open(PHONE, port).send(HELLO, 10_000, '198.51.100.5');
    net.run(net.now() + 10);
  };

  test('may, when it has said goodbye', () => {
    const under = rig();
    hello(under, 4000);
    under.sessions[0]!.tell(connected);
    hello(under, 4002);
    expect(under.sessions).toHaveLength(1);
    under.sessions[0]!.tell({ type: 'closed' });
    hello(under, 4000);
    expect(under.sessions).toHaveLength(2);
    under.sessions[1]!.tell({ ...connected, remote: master(3) });
    hello(under, 4002);
    expect(under.sessions).toHaveLength(2);
  });

  test('may, when it is elsewhere by its SDP and has no tls-id to say so', () => {
    const under = rig();
    hello(under, 4000);
    under.sessions[0]!.tell(connected);
    under.dtls.expect({ ...WAITS }, at(5000));
    hello(under, 5000);
    expect(under.sessions).toHaveLength(2);
    expect(under.sessions[0]!.closed).toBe(false);
    under.sessions[1]!.tell({ ...connected, remote: master(3) });
    expect(under.sessions.map(({ closed }) => closed)).toEqual([true, false]);
    hello(under, 5002);
    expect(under.sessions).toHaveLength(2);
  });
});
