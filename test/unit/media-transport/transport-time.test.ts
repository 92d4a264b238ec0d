import fc from 'fast-check';
import { expect, test } from 'vitest';
import { systemRandom } from '../../../src/adapters/crypto/crypto.ts';
import { type IceCredentials, newIceCredentials } from '../../../src/ice/credentials.ts';
import { parseRtp, RtpView } from '../../../src/rtp/packet.ts';
import { fingerprint, master, NOTHING_OPEN, opened, World } from './world.ts';

test('a peer that never comes is given up after 30 s, and leaves nothing', () => {
  const { world } = opened();
  world.pass(29_999);
  expect(world.failures()).toEqual([]);
  world.pass(1);
  expect(world.failures()).toEqual(['ice-consent']);
  expect(world.host.gauges()).toEqual(NOTHING_OPEN);
  expect(world.timers.size).toBe(1);
  expect(world.dtls[0]!.closed).toBe(true);
});

test('reports beyond what a browser sends are dropped before they are opened', () => {
  const { world, local } = opened();
  world.check(local);
  world.dtls[0]!.say({ type: 'connected', profile: 'AEAD_AES_128_GCM', local: master, remote: master });
  world.now = 100;
  for (let i = 0; i < 1500; i++)
    world.socket.onDatagram(Uint8Array.of(0x80, 205, 0, 1, ...new Uint8Array(40)), '203.0.113.5', 40000);
  world.pass(1000);
  const drops = new Map(
    world.events.flatMap((event) =>
      event.type === 'dropped' && event.where === 'srtcp' ? [[event.reason, event.count] as const] : [],
    ),
  );
  expect(drops.get('rate')).toBe(500);
  // What an HMAC's time is worth is media's alone.
  expect([...drops.values()].reduce((sum, count) => sum + count, 0)).toBe(1500);
});

test('DTLS has 30 s from the first check', () => {
  const { world, local } = opened();
  world.pass(10_000);
  for (let i = 0; i < 6; i++) {
    world.check(local);
    world.pass(5000);
  }
  expect(world.failures()).toEqual(['dtls-timeout']);
});

test('a call lives as long as consent is renewed (RFC 7675), an hour of it, and ends 30 s after the last check', () => {
  const { world, local } = opened();
  world.check(local);
  world.dtls[0]!.say({ type: 'connected', profile: 'AEAD_AES_128_GCM', local: master, remote: master });
  for (let i = 0; i < 720; i++) {
    world.pass(5000);
    world.check(local);
  }
  world.pass(29_999);
  expect(world.failures()).toEqual([]);
  world.pass(1);
  expect(world.failures()).toEqual(['ice-consent']);
  const before = world.sent.length;
  world.check(local);
  world.pass(60_000);
  expect(world.sent.length).toBe(before);
});

test('the path is told with whether it is relayed, and again when it changes', () => {
  const { world, local } = opened();
  world.check(local, '192.0.2.1', 30123);
  world.dtls[0]!.say({ type: 'connected', profile: 'AEAD_AES_128_GCM', local: master, remote: master });
  world.check(local, '203.0.113.5', 40000);
  expect(world.events.filter((event) => event.type.startsWith('transport.'))).toEqual([
    {
      type: 'transport.connected',
      transport: 'TP_1',
      path: { protocol: 'udp', remote: '192.0.2.1:30123', relayed: true },
    },
    {
      type: 'transport.path',
      transport: 'TP_1',
      path: { protocol: 'udp', remote: '203.0.113.5:40000', relayed: false },
    },
  ]);
});

test('where TURN alone is allowed, a check from elsewhere is neither answered nor remembered, right as it is', () => {
  const world = new World();
  const local = newIceCredentials(systemRandom);
  world.host.open('TP_1', local, 'relay');
  world.host.remote('TP_1', { ufrag: 'remote', pwd: 'p'.repeat(22) }, [fingerprint]);
  world.check(local, '203.0.113.5', 40000);
  expect(world.sent).toEqual([]);
  expect(world.host.gauges().addresses).toBe(0);
  world.check(local, '192.0.2.1', 30123);
  expect(world.sent).toHaveLength(1);
  expect(world.host.gauges().addresses).toBe(1);
  world.pass(1000);
  expect(world.events).toEqual([{ type: 'dropped', where: 'stun', reason: 'not-relayed', count: 1 }]);
});

/** A connected peer that is sent a phone's voice; where 20 ms of it go, each time it is asked. */
function listening(): { world: World; local: IceCredentials; spoken: () => string[] } {
  const { world, local } = opened();
  world.check(local, '203.0.113.5', 40000);
  world.dtls[0]!.say({ type: 'connected', profile: 'AEAD_AES_128_GCM', local: master, remote: master });
  const codec = { mime: 'audio/PCMA', clockRate: 8000, channels: 1, payloadType: 8, fmtp: '' };
  const extensions = { mid: 0, audioLevel: 0, absSendTime: 0, transportCc: 0 };
  world.host.openSender({
    ...{ transport: 'TP_1', sender: 'SN_1', track: 'TR_1', ssrc: 7, cname: 'c', kind: 'audio', mid: '0' },
    ...{ codecs: [codec], extensions },
  });
  let sequence = 0;
  const spoken = () => {
    world.sent.length = 0;
    world.pass(20);
    const packet = new Uint8Array(172);
    packet.set([0x80, 8, sequence >> 8, sequence++]);
    const view = new RtpView();
    expect(parseRtp(packet, packet.length, view)).toBeUndefined();
    world.host.forward('TR_1', view, 'audio/PCMA', world.now);
    // RTCP, whose second byte is 200 and above, is not of interest here.
    return world.sent
      .filter(({ bytes }) => bytes[0] === 0x80 && (bytes[1]! & 0x7f) === 8)
      .map(({ address, port }) => `${address}:${port}`);
  };
  return { world, local, spoken };
}

/** A packet of the browser's media. */
function talk(world: World, address: string, port: number): void {
  world.socket.onDatagram(Uint8Array.of(0x80, 111, ...new Uint8Array(40)), address, port);
}

const WIFI = '203.0.113.5:40000';
const CELL = '198.51.100.9:51000';

test('media follows the peer to another network with its first check from there', () => {
  const { world, local, spoken } = listening();
  expect(spoken()).toEqual([WIFI]);
  // Wi-Fi is gone, and the browser's other network nominates by its first check.
  world.check(local, '198.51.100.9', 51000);
  expect(spoken()).toEqual([CELL]);
  // Consent is counted on the path in use: the old one ends nothing.
  for (let i = 0; i < 20; i++) {
    world.pass(5000);
    world.check(local, '198.51.100.9', 51000);
  }
  expect(world.failures()).toEqual([]);
});

test('when the peer falls silent, media go by its other path too within half a second, and follow it there', () => {
  const { world, local, spoken } = listening();
  world.check(local, '198.51.100.9', 51000);
  world.check(local, '203.0.113.5', 40000);
  const said: string[][] = [];
  for (let i = 0; i < 150; i++) {
    talk(world, '203.0.113.5', 40000);
    said.push(spoken());
  }
  expect(said.every((to) => to.join() === WIFI)).toBe(true);
  // Nothing comes any more: Wi-Fi is gone, and the browser has not noticed.
  const lostAt = world.now;
  while (!spoken().includes(CELL)) expect(world.now - lostAt).toBeLessThan(500);
  expect(spoken()).toEqual([WIFI, CELL]);
  // It talks by the other network, before it nominates that.
  talk(world, '198.51.100.9', 51000);
  expect(spoken()).toEqual([CELL]);
  expect(world.events.at(-1)).toMatchObject({ type: 'transport.path', path: { remote: CELL } });
});

test('a peer that only paused is spoken to as before, and one with a single path is not doubted', () => {
  const { world, local, spoken } = listening();
  for (let i = 0; i < 100; i++) {
    talk(world, '203.0.113.5', 40000);
    spoken();
  }
  for (let i = 0; i < 100; i++) expect(spoken()).toEqual([WIFI]);
  world.check(local, '198.51.100.9', 51000);
  world.check(local, '203.0.113.5', 40000);
  expect(spoken()).toEqual([WIFI, CELL]);
  talk(world, '203.0.113.5', 40000);
  expect(spoken()).toEqual([WIFI]);
});

test('a path whose consent has lapsed is no other path', () => {
  const { world, local, spoken } = listening();
  world.check(local, '198.51.100.9', 51000);
  for (let i = 0; i < 1600; i++) {
    if (i % 100 === 0) world.check(local, '203.0.113.5', 40000);
    talk(world, '203.0.113.5', 40000);
    spoken();
  }
  for (let i = 0; i < 100; i++) expect(spoken()).toEqual([WIFI]);
});

test.each(['certificate-verify', 'finished', 'fingerprint'] as const)(
  'a rejection for %s ends the transport with that reason',
  (reason) => {
    const { world, local } = opened();
    world.check(local);
    world.dtls[0]!.say({ type: 'rejected', reason });
    expect(world.failures()).toEqual([`dtls-${reason}`]);
    expect(world.host.gauges().addresses).toBe(0);
  },
);

test('what a stranger sends is counted, and neither answered nor remembered, a flood least of all', () => {
  const { world, local } = opened();
  const wrong = { ufrag: local.ufrag, pwd: 'wrong'.repeat(5) };
  for (let i = 0; i < 2000; i++) world.check(wrong, '198.51.100.1', 1024 + i);
  world.check(local);
  // The flood has used up what strangers may ask, so the peer is heard a moment later; once proven, it is not slowed.
  world.pass(10);
  world.check(local);
  for (let i = 0; i < 2000; i++) world.check(wrong, '198.51.100.1', 1024 + i);
  const before = world.sent.length;
  world.check(local);
  expect(world.sent.length).toBe(before + 1);
  expect(world.host.gauges()).toMatchObject({ addresses: 1, ufrags: 1 });
  world.pass(1000);
  expect(world.events.filter((event) => event.type === 'dropped')).toContainEqual(
    expect.objectContaining({ where: 'stun', reason: 'rate' }),
  );
});

test('no datagram makes it throw, from whomever', () => {
  const { world, local } = opened();
  world.check(local);
  world.dtls[0]!.say({
    type: 'connected',
    profile: 'AES_CM_128_HMAC_SHA1_80',
    local: { ...master, salt: new Uint8Array(14) },
    remote: { ...master, salt: new Uint8Array(14) },
  });
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc
      .tuple(fc.constantFrom(0, 1, 20, 22, 23, 63, 64, 128, 144, 191, 255), fc.uint8Array({ maxLength: 60 }))
      .map(([first, rest]) => Uint8Array.of(first, ...rest)),
  );
  fc.assert(
    fc.property(bytes, fc.constantFrom(40000, 40001), (datagram, port) => {
      world.socket.onDatagram(datagram, '203.0.113.5', port);
    }),
    { numRuns: 500 },
  );
  world.host.stop();
  expect(world.events.every((event) => event.type === 'dropped' || event.type.startsWith('transport.'))).toBe(
    true,
  );
});

test('who proves itself from a forged copy of an address has it only until its owner checks again', () => {
  const { world, local } = opened();
  const other = newIceCredentials(systemRandom);
  world.host.open('TP_2', other);
  world.host.remote('TP_2', { ufrag: 'remote', pwd: 'p'.repeat(22) }, [fingerprint]);
  const hello = Uint8Array.of(22, 0xfe, 0xfd);
  world.check(local);
  world.check(other);
  world.socket.onDatagram(hello, '203.0.113.5', 40000);
  expect(world.dtls.map((session) => session.received.length)).toEqual([0, 1]);
  world.check(local);
  world.socket.onDatagram(hello, '203.0.113.5', 40000);
  expect(world.dtls.map((session) => session.received.length)).toEqual([1, 1]);
});

test('a flood of ClientHellos is cut, for each costs a key pair', () => {
  const { world, local } = opened();
  world.check(local);
  for (let i = 0; i < 1000; i++) world.socket.onDatagram(Uint8Array.of(22, 0xfe, 0xfd), '203.0.113.5', 40000);
  expect(world.dtls[0]!.received.length).toBe(100);
});

test('commands for what is gone do nothing', () => {
  const world = new World();
  const codec = { mime: 'audio/opus', clockRate: 48000, channels: 2, payloadType: 111, fmtp: '' };
  const extensions = { mid: 0, audioLevel: 0, absSendTime: 0, transportCc: 0 };
  const common = { transport: 'TP_x', kind: 'audio', mid: '0', codecs: [codec], extensions } as const;
  world.host.remote('TP_x', { ufrag: 'abcd', pwd: 'x' }, []);
  world.host.restart('TP_x', newIceCredentials(systemRandom));
  world.host.openReceiver({ ...common, track: 'TR_1', ssrcs: [] });
  world.host.openSender({ ...common, sender: 'SN_1', track: 'TR_1', ssrc: 1, cname: 'c' });
  world.host.muteReceiver('TR_1', true);
  world.host.muteSender('SN_1', true);
  world.host.closeReceiver('TR_1');
  world.host.closeSender('SN_1');
  world.host.sendData('TP_x', '_reliable', new Uint8Array(1));
  world.host.close('TP_x');
  expect(world.host.gauges()).toEqual(NOTHING_OPEN);
});

test('the close_notify of a web phone comes with its BYE: its leg fails only when none follows in 2 s', () => {
  const world = new World();
  const local = newIceCredentials(systemRandom);
  const failed: string[] = [];
  const leg = () => world.host.openLeg(local, { onConnected() {}, onFailed: (why) => failed.push(why) });
  const closedBy = (at: number) => {
    world.check(local);
    world.dtls[at]!.say({ type: 'connected', profile: 'AEAD_AES_128_GCM', local: master, remote: master });
    world.dtls[at]!.say({ type: 'closed' });
  };
  const hungUp = leg();
  closedBy(0);
  world.pass(1999);
  hungUp.close();
  world.pass(10_000);
  expect(failed).toEqual([]);
  leg();
  closedBy(1);
  world.pass(2000);
  expect(failed).toEqual(['dtls-closed']);
  expect(world.host.gauges()).toMatchObject({ transports: 0, addresses: 0, ufrags: 0 });
  expect(world.timers.size).toBe(1);
});

test('a check that comes before its transport is answered as soon as that is known', () => {
  const world = new World();
  const local = newIceCredentials(systemRandom);
  world.check(local);
  expect(world.sent).toEqual([]);
  world.pass(400);
  world.host.open('TP_1', local);
  expect(world.sent).toEqual([]);
  world.host.remote('TP_1', { ufrag: 'remote', pwd: 'p'.repeat(22) }, [fingerprint]);
  expect(world.sent).toMatchObject([{ address: '203.0.113.5', port: 40000 }]);
  expect(world.host.gauges()).toMatchObject({ addresses: 1 });
});

test('who waits for our first word of DTLS gets it once there is a path, and nobody else does', () => {
  const { world, local } = opened();
  world.check(local);
  expect(world.dtls[0]!.begun).toBe(0);
  const passive = newIceCredentials(systemRandom);
  world.host.open('TP_2', passive);
  world.host.remote('TP_2', { ufrag: 'remote', pwd: 'p'.repeat(22) }, [fingerprint], 'client');
  expect(world.dtls[1]!.begun).toBe(0);
  world.check(passive, '203.0.113.6');
  expect(world.dtls[1]!.begun).toBeGreaterThan(0);
  const early = newIceCredentials(systemRandom);
  world.check(early, '203.0.113.7');
  world.host.open('TP_3', early);
  world.host.remote('TP_3', { ufrag: 'remote', pwd: 'p'.repeat(22) }, [fingerprint], 'client');
  expect(world.dtls[2]!.begun).toBeGreaterThan(0);
});
