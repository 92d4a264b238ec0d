import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StunBuilder } from '../../../src/stun/builder.ts';
import { nonce, xorAddress } from '../../../src/stun/fields.ts';
import { Attribute, Method } from '../../../src/stun/registry.ts';
import { isDisguised } from '../../../src/turn/refused-peers.ts';
import { BOTH, channelData, FakeClient, PEER, sendIndication, TurnHarness, withUdp } from './turn-harness.ts';

const FROM = { address: '198.51.100.7', port: 50_000 };
const DATA = Uint8Array.of(1, 2, 3);

describe('credentials', () => {
  it('of another secret, altered, or of no known form: 401', () => {
    const turn = new TurnHarness();
    const client = new FakeClient(FROM);
    const good = turn.credentials('alice');
    for (const credentials of [
      { ...good, password: 'guess' },
      { ...good, username: good.username.replace(/^\d+/, '1999999999') },
      { ...good, username: 'alice' },
    ]) {
      expect(turn.allocate(client, { credentials }).code).toBe(401);
    }
    expect(turn.allocate(client, { realm: 'elsewhere' }).code).toBe(401);
    expect(turn.server.holds(client)).toBe(false);
  });

  it('of another user on the same 5-tuple: 441', () => {
    const turn = new TurnHarness();
    const client = new FakeClient(FROM);
    turn.allocate(client);
    expect(turn.refresh(client, 0, { credentials: turn.credentials('mallory') }).code).toBe(441);
    expect(turn.permit(client, PEER, { credentials: turn.credentials('mallory') }).code).toBe(441);
    expect(turn.server.holds(client)).toBe(true);
  });

  it('incomplete: 400', () => {
    const turn = new TurnHarness();
    const client = new FakeClient(FROM);
    const bytes = new StunBuilder(Method.allocate, 'request', new Uint8Array(12))
      .attribute(Attribute.messageIntegrity, new Uint8Array(20))
      .finish();
    expect(turn.exchange(client, bytes)!.code).toBe(400);
  });
});

describe('nonces', () => {
  it('expired: 438 with a fresh one that works', () => {
    const turn = new TurnHarness();
    const client = new FakeClient(FROM);
    turn.nonce(client);
    turn.pass(600_000);
    const reply = turn.allocate(client);
    expect(reply.code).toBe(438);
    expect(nonce(reply.message)).toBeDefined();
    expect(turn.allocate(client).code).toBeUndefined();
  });

  it('foreign, replayed from another port, altered or made up: 438', () => {
    const turn = new TurnHarness();
    const client = new FakeClient(FROM);
    const stolen = turn.nonce(client);
    const other = new FakeClient({ ...FROM, port: 50_001 });
    expect(turn.allocate(other, { nonce: stolen }).code).toBe(438);
    expect(turn.allocate(new FakeClient(FROM, 'tcp'), { nonce: stolen }).code).toBe(438);
    for (const bad of [
      `A${stolen.slice(1)}`,
      `${stolen.slice(0, 19)}!`,
      'x',
      'A'.repeat(20),
      stolen + stolen,
    ]) {
      if (bad !== stolen) expect(turn.allocate(client, { nonce: bad }).code, bad).toBe(438);
    }
    const later = new TurnHarness();
    expect(later.allocate(new FakeClient(FROM), { nonce: turn.nonce(other) }).code).toBe(438);
  });
});

describe('reflection', () => {
  it('401s are few and small, and they stop', () => {
    const turn = new TurnHarness({ limits: { answersPerSecond: 10, answerBurst: 20 } });
    const bare = new StunBuilder(Method.allocate, 'request', new Uint8Array(12)).finish();
    const victim = new FakeClient(FROM);
    for (let i = 0; i < 1_000; i++)
      turn.server.receive(bare, i % 2 ? victim : new FakeClient({ ...FROM, port: i + 1 }));
    expect(victim.received.length).toBeLessThanOrEqual(20);
    expect(victim.received[0]!.length).toBeLessThanOrEqual(108);
    expect(turn.drops()['rate-limited']).toBe(980);
    const other = new FakeClient({ address: '198.51.100.8', port: 1 });
    turn.server.receive(bare, other);
    expect(other.received).toHaveLength(1);
  });

  it('a host of IPv6 is one source, whichever of its addresses it takes', () => {
    const turn = new TurnHarness({ limits: { answersPerSecond: 10, answerBurst: 20 } });
    const bare = new StunBuilder(Method.allocate, 'request', new Uint8Array(12)).finish();
    let answered = 0;
    for (let i = 0; i < 1_000; i++) {
      const client = new FakeClient({ address: `2001:db8:7:7::${(i + 1).toString(16)}`, port: 1 });
      turn.server.receive(bare, client);
      answered += client.received.length;
    }
    expect(answered).toBe(20);
    const other = new FakeClient({ address: '2001:db8:7:8::1', port: 1 });
    turn.server.receive(bare, other);
    expect(other.received).toHaveLength(1);
  });

  it('holds in bounded memory for any number of sources, and a rate for all of them', () => {
    const turn = new TurnHarness({ limits: { answersPerSecond: 1, answerBurst: 2 } });
    const bare = new StunBuilder(Method.binding, 'request', new Uint8Array(12)).finish();
    let answered = 0;
    for (let i = 0; i < 6_000; i++) {
      const client = new FakeClient({ address: `10.${i >> 8}.${i & 255}.1`, port: 1 });
      turn.server.receive(bare, client);
      answered += client.received.length;
    }
    expect(answered).toBe(50);
  });

  it.each([
    ['one source', 1],
    ['five sources', 5],
    ['as many sources as requests', 1e9],
  ])('10,000 requests a second from %s get less than they cost, from the first second on', (_, sources) => {
    const turn = new TurnHarness();
    const asked = [
      new StunBuilder(Method.allocate, 'request', new Uint8Array(12)).u32(
        Attribute.requestedTransport,
        17 << 24,
      ),
      new StunBuilder(Method.refresh, 'request', new Uint8Array(12)).u32(Attribute.lifetime, 0),
      new StunBuilder(Method.allocate, 'request', new Uint8Array(12))
        .text(Attribute.username, '1900000000:x')
        .text(Attribute.realm, 'turn.test')
        .text(Attribute.nonce, 'A'.repeat(33))
        .attribute(Attribute.messageIntegrity, new Uint8Array(20)),
    ].map((builder) => builder.finish());
    for (let second = 0, n = 0; second < 5; second++) {
      let [came, went] = [0, 0];
      for (let i = 0; i < 10_000; i++, n++) {
        const source = n % sources;
        const client = new FakeClient({
          address: `10.${source >> 16}.${(source >> 8) & 255}.${source & 255}`,
          port: 1,
        });
        const bytes = asked[n % asked.length]!;
        turn.server.receive(bytes, client);
        came += bytes.length;
        for (const answer of client.received) went += answer.length;
        turn.pass(0.1);
      }
      expect(went).toBeLessThan(came);
    }
    expect(turn.server.gauges().allocations).toBe(0);
  });

  it('a flood of strangers leaves those alone who are in: they refresh, permit and send', () => {
    const turn = new TurnHarness();
    const client = new FakeClient(FROM);
    turn.allocate(client);
    const bare = new StunBuilder(Method.allocate, 'request', new Uint8Array(12)).finish();
    for (let i = 0; i < 20_000; i++)
      turn.server.receive(bare, new FakeClient({ address: `10.${i >> 8}.${i & 255}.1`, port: 1 }));
    expect(turn.refresh(client).code).toBeUndefined();
    expect(turn.permit(client, PEER).code).toBeUndefined();
    turn.server.receive(sendIndication(PEER, DATA), client);
    expect(turn.sockets[0]!.sent).toHaveLength(1);
  });

  it('Binding tells the mapped address of both families', () => {
    const turn = new TurnHarness();
    for (const remote of [FROM, { address: '2001:db8::7', port: 9 }]) {
      const bytes = new StunBuilder(Method.binding, 'request', new Uint8Array(12)).fingerprint().finish();
      const { message } = turn.exchange(new FakeClient(remote), bytes)!;
      expect(xorAddress(message, Attribute.xorMappedAddress)).toEqual(remote);
    }
    const odd = new StunBuilder(Method.binding, 'request', new Uint8Array(12)).flag(0x7fff).finish();
    expect(turn.exchange(new FakeClient(FROM), odd)!.code).toBe(420);
  });
});

const DENIED = [
  ['0.0.0.0', 7882],
  ['127.0.0.1', 22],
  ['127.0.0.1', 7882],
  [PEER.address, 5060],
  [PEER.address, 7880],
  [PEER.address, 0],
  ['::', 7882],
  ['::1', 7882],
  ['::ffff:127.0.0.1', 7882],
  [`::ffff:${PEER.address}`, PEER.port],
  [`::${PEER.address}`, PEER.port],
  ['64:ff9b::c000:214', PEER.port],
  ['64:ff9b:1::c000:214', PEER.port],
  ['2002:c000:214::', PEER.port],
  ['2001::c000:214', PEER.port],
  ['fc00::1', 1],
  ['fe80::1', 1],
  ['169.254.169.254', 80],
  ['10.0.0.1', 80],
  ['172.16.0.1', 80],
  ['192.168.1.1', 80],
  ['100.64.0.1', 80],
  ['224.0.0.1', 7882],
  ['255.255.255.255', 7882],
  ['8.8.8.8', 53],
] as const;

describe('peers: the allow-list and nothing else', () => {
  it.each(DENIED)('%s port %i: 403 for permission and channel, and no packet', (address, port) => {
    const turn = new TurnHarness();
    const client = new FakeClient(FROM);
    turn.allocate(client);
    expect(turn.permit(client, { address, port }).code).toBe(403);
    expect(turn.bind(client, 0x4000, { address, port }).code).toBe(403);
    turn.server.receive(sendIndication({ address, port }, DATA), client);
    turn.server.receive(channelData(0x4000, DATA), client);
    expect(turn.sockets[0]!.sent).toEqual([]);
    expect(turn.server.gauges()).toMatchObject({ permissions: 0, channels: 0 });
  });

  it.each(DENIED.filter(([address]) => isDisguised(address)))(
    '%s port %i: 403 even when the rule says yes',
    (address, port) => {
      const turn = new TurnHarness({ isAllowedPeer: () => true, relayAddresses: BOTH });
      const client = new FakeClient(FROM);
      turn.allocate(client);
      expect(turn.permit(client, { address, port }).code).toBe(403);
      expect(turn.bind(client, 0x4000, { address, port }).code).toBe(403);
      turn.server.receive(sendIndication({ address, port }, DATA), client);
      expect(turn.sockets[0]!.sent).toEqual([]);
    },
  );

  it('one forbidden among many forbids all', () => {
    const turn = new TurnHarness();
    const client = new FakeClient(FROM);
    turn.allocate(client);
    const reply = turn.ask(client, Method.createPermission, (b) => {
      b.xorAddress(Attribute.xorPeerAddress, PEER.address, PEER.port);
      b.xorAddress(Attribute.xorPeerAddress, '10.0.0.1', 80);
    });
    expect(reply.code).toBe(403);
    expect(turn.server.gauges().permissions).toBe(0);
  });

  it('a permission is of an address, yet each packet is held against address and port, both ways', () => {
    const turn = new TurnHarness();
    const client = new FakeClient(FROM);
    turn.allocate(client);
    turn.permit(client, PEER);
    turn.server.receive(sendIndication({ ...PEER, port: 5060 }, DATA), client);
    const socket = turn.sockets[0]!;
    expect(socket.sent).toEqual([]);
    const count = client.received.length;
    socket.onDatagram(DATA, PEER.address, 5060);
    socket.onDatagram(DATA, '10.0.0.1', 80);
    expect(client.received).toHaveLength(count);
    expect(turn.drops()).toMatchObject({ 'peer-not-allowed': 2, 'no-permission': 1 });
  });
});

describe('any bytes', () => {
  it('never throw, and leave nothing', () => {
    const turn = new TurnHarness();
    const client = new FakeClient(FROM);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        turn.server.receive(bytes, client);
      }),
    );
    expect(turn.server.gauges().allocations).toBe(0);
    turn.pass(1_000);
    expect(turn.timers.size).toBe(0);
  });

  it('nor do broken requests of a client with an allocation', () => {
    const turn = new TurnHarness({ limits: { answersPerSecond: 1e9, answerBurst: 1e9 } });
    const client = new FakeClient(FROM);
    turn.allocate(client);
    turn.bind(client, 0x4000, PEER);
    const attribute = fc.tuple(
      fc.constantFrom(0x0c, 0x0d, 0x12, 0x13, 0x17, 0x18, 0x19, 0x1a, 0x22, 0x7001),
      fc.uint8Array({ maxLength: 24 }),
    );
    const methods = fc.constantFrom(3, 4, 6, 7, 8, 9, 10);
    const flips = fc.array(fc.tuple(fc.nat(200), fc.integer({ min: 1, max: 255 })), { maxLength: 2 });
    const build = (attributes: [number, Uint8Array][]) => (b: StunBuilder) => {
      for (const [type, value] of attributes) b.attribute(type, value);
    };
    fc.assert(
      fc.property(methods, fc.array(attribute, { maxLength: 4 }), flips, (method, attributes, masks) => {
        const bytes = turn.request(client, method, build(attributes)).slice();
        turn.server.receive(bytes, client);
        const indication = new StunBuilder(method, 'indication', new Uint8Array(12));
        build(attributes)(indication);
        turn.server.receive(indication.finish(), client);
        for (const [at, mask] of masks) if (at < bytes.length) bytes[at]! ^= mask;
        turn.server.receive(bytes, client);
        if (!turn.server.holds(client)) turn.ask(client, Method.allocate, withUdp);
        return turn.sockets.every((socket) =>
          socket.sent.every((sent) => sent.address === PEER.address && sent.port === PEER.port),
        );
      }),
    );
    turn.pass(3_600_000);
    expect(turn.timers.size).toBe(0);
  });
});
