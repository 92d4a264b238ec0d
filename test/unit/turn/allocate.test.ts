import { describe, expect, it } from 'vitest';
import { nodeDigests as digests } from '../../../src/adapters/crypto/crypto.ts';
import type { StunBuilder } from '../../../src/stun/builder.ts';
import { xorAddress } from '../../../src/stun/fields.ts';
import { checkIntegrity, longTermKey } from '../../../src/stun/integrity.ts';
import { Attribute, Method } from '../../../src/stun/registry.ts';
import { FakeClient, PEER, REALM, RELAY_ADDRESS, TurnHarness, withUdp } from './turn-harness.ts';

const FROM = { address: '198.51.100.7', port: 50_000 };

function setup(limits = {}): { turn: TurnHarness; client: FakeClient } {
  return { turn: new TurnHarness({ limits }), client: new FakeClient(FROM) };
}

describe('Allocate', () => {
  it('is challenged, then gives a relay out of the range, signed', () => {
    const { turn, client } = setup();
    const credentials = turn.credentials();
    const { message, code } = turn.allocate(client, { credentials });
    expect(code).toBeUndefined();
    const relay = xorAddress(message, Attribute.xorRelayedAddress)!;
    expect(relay.address).toBe(RELAY_ADDRESS);
    expect(relay.port).toBeGreaterThanOrEqual(30_000);
    expect(relay.port).toBeLessThanOrEqual(39_999);
    expect(turn.sockets[0]!.local.port).toBe(relay.port);
    expect(xorAddress(message, Attribute.xorMappedAddress)).toEqual(FROM);
    expect(message.u32(Attribute.lifetime)).toBe(600);
    const key = longTermKey(digests, credentials.username, REALM, credentials.password);
    expect(checkIntegrity(message, digests, key)).toBe('good');
    expect(turn.server.gauges()).toEqual({ allocations: 1, permissions: 0, channels: 0, relayPorts: 1 });
    expect(turn.events).toContainEqual(
      expect.objectContaining({ type: 'turn.allocated', client: '198.51.100.7:50000', relay: relay.port }),
    );
  });

  it('answers a retransmission the same, and another request on the 5-tuple with 437', () => {
    const { turn, client } = setup();
    const bytes = turn.request(client, Method.allocate, withUdp);
    turn.exchange(client, bytes);
    turn.exchange(client, bytes);
    expect(client.received.at(-1)).toEqual(client.received.at(-2));
    expect(turn.allocate(client).code).toBe(437);
    expect(turn.sockets).toHaveLength(1);
  });

  it('passes over a retransmission while the socket is being opened, and survives a client that leaves', () => {
    const { turn, client } = setup();
    turn.opening = 'wait';
    const bytes = turn.request(client, Method.allocate, withUdp);
    expect(turn.exchange(client, bytes)).toBeUndefined();
    expect(turn.exchange(client, bytes)).toBeUndefined();
    expect(turn.pending).toHaveLength(1);
    expect(turn.server.holds(client)).toBe(true);
    expect(turn.allocate(client).code).toBe(437);
    turn.server.clientClosed(client);
    turn.pending[0]!();
    expect(turn.sockets[0]!.closed).toBe(true);
    expect(turn.server.gauges()).toEqual({ allocations: 0, permissions: 0, channels: 0, relayPorts: 0 });
    expect(client.releases).toBe(1);
  });

  it('says 508 when no port can be bound, and gives them all back', () => {
    const { turn, client } = setup();
    turn.opening = 'fail';
    expect(turn.allocate(client).code).toBe(508);
    expect(turn.server.gauges().relayPorts).toBe(0);
    expect(turn.server.holds(client)).toBe(false);
  });

  it.each([
    ['no transport', (b: StunBuilder) => b, 400],
    ['TCP relay', (b: StunBuilder) => b.u32(Attribute.requestedTransport, 6 << 24), 442],
    ['IPv6', (b: StunBuilder) => withUdp(b).u32(Attribute.requestedAddressFamily, 2 << 24), 440],
    ['no family', (b: StunBuilder) => withUdp(b).u32(Attribute.requestedAddressFamily, 3 << 24), 440],
    ['DONT-FRAGMENT', (b: StunBuilder) => withUdp(b).flag(Attribute.dontFragment), 420],
    ['a crooked EVEN-PORT', (b: StunBuilder) => withUdp(b).flag(Attribute.evenPort), 400],
    ['a ticket of its own', (b: StunBuilder) => withUdp(b).u32(Attribute.mobilityTicket, 1), 400],
    ['token', (b: StunBuilder) => withUdp(b).attribute(Attribute.reservationToken, new Uint8Array(8)), 508],
    [
      'token and port',
      (b: StunBuilder) =>
        withUdp(b)
          .attribute(Attribute.reservationToken, new Uint8Array(8))
          .attribute(Attribute.evenPort, Uint8Array.of(0)),
      400,
    ],
    ['unknown attribute', (b: StunBuilder) => withUdp(b).flag(0x7ff0), 420],
  ])('%s: refused, nothing opened', (_, fill, code) => {
    const { turn, client } = setup();
    expect(turn.ask(client, Method.allocate, fill).code).toBe(code);
    expect(turn.sockets).toHaveLength(0);
    expect(turn.server.holds(client)).toBe(false);
  });

  it('takes IPv4 and an even port', () => {
    const { turn, client } = setup();
    const reply = turn.ask(client, Method.allocate, (b) => {
      withUdp(b);
      b.u32(Attribute.requestedAddressFamily, 1 << 24);
      b.attribute(Attribute.evenPort, Uint8Array.of(0));
    });
    expect(reply.code).toBeUndefined();
    expect(turn.sockets[0]!.local.port % 2).toBe(0);
  });

  it('keeps the lifetime between the default and the cap', () => {
    const { turn } = setup();
    const asked = (seconds: number, port: number): number | undefined =>
      turn
        .ask(new FakeClient({ ...FROM, port }), Method.allocate, (b) =>
          withUdp(b).u32(Attribute.lifetime, seconds),
        )
        .message.u32(Attribute.lifetime);
    expect([asked(10, 1), asked(1_000, 2), asked(0xffffffff, 3)]).toEqual([600, 1_000, 3_600]);
  });

  it('has a quota for each identity, however often its credentials are made anew', () => {
    const { turn } = setup({ allocationsPerUser: 2 });
    const codes = [1, 2, 3].map((port) => {
      turn.pass(1_000);
      return turn.allocate(new FakeClient({ ...FROM, port }), { credentials: turn.credentials('bob') }).code;
    });
    expect(codes).toEqual([undefined, undefined, 486]);
    expect(turn.allocate(new FakeClient({ ...FROM, port: 4 })).code).toBeUndefined();
  });

  it('has a capacity', () => {
    const { turn } = setup({ allocations: 1 });
    turn.allocate(new FakeClient({ ...FROM, port: 1 }));
    expect(
      turn.allocate(new FakeClient({ ...FROM, port: 2 }), { credentials: turn.credentials('x') }).code,
    ).toBe(508);
    const small = setup({ relayPorts: [30_000, 30_000] }).turn;
    small.allocate(new FakeClient({ ...FROM, port: 1 }));
    expect(small.allocate(new FakeClient({ ...FROM, port: 2 })).code).toBe(508);
  });
});

describe('Refresh and expiry', () => {
  it('an allocation expires, and nothing of it is left', () => {
    const { turn, client } = setup();
    turn.allocate(client);
    turn.permit(client, PEER);
    turn.bind(client, 0x4001, PEER);
    turn.pass(599_999);
    expect(turn.server.holds(client)).toBe(true);
    turn.pass(1);
    expect(turn.server.holds(client)).toBe(false);
    expect(turn.sockets[0]!.closed).toBe(true);
    expect(turn.timers.size).toBe(0);
    expect(client.releases).toBe(1);
    expect(turn.server.gauges()).toEqual({ allocations: 0, permissions: 0, channels: 0, relayPorts: 0 });
    expect(turn.events.at(-1)).toMatchObject({ type: 'turn.released', reason: 'expired' });
  });

  it('is put off by Refresh, ended by lifetime 0, and then unknown', () => {
    const { turn, client } = setup();
    turn.allocate(client);
    turn.pass(500_000);
    expect(turn.refresh(client).message.u32(Attribute.lifetime)).toBe(600);
    turn.pass(599_999);
    expect(turn.server.holds(client)).toBe(true);
    expect(turn.refresh(client, 0).code).toBe(438);
    expect(turn.refresh(client, 0).message.u32(Attribute.lifetime)).toBe(0);
    expect(turn.refresh(client, 0).code).toBe(437);
    expect(turn.timers.size).toBe(0);
  });

  it('expired credentials refresh, permit and bind, but do not allocate', () => {
    const { turn, client } = setup();
    const credentials = turn.credentials('alice', 60);
    turn.allocate(client, { credentials });
    turn.pass(61_000);
    expect(turn.refresh(client, undefined, { credentials }).code).toBeUndefined();
    expect(turn.permit(client, PEER, { credentials }).code).toBeUndefined();
    expect(turn.bind(client, 0x4000, PEER, { credentials }).code).toBeUndefined();
    expect(turn.allocate(new FakeClient({ ...FROM, port: 9 }), { credentials }).code).toBe(401);
    expect(turn.events).toContainEqual(expect.objectContaining({ reason: 'expired-credentials', code: 401 }));
  });

  it('close ends everything, at once and for good', () => {
    const { turn, client } = setup();
    turn.allocate(client);
    turn.permit(client, PEER);
    turn.server.receive(Uint8Array.of(1), client);
    turn.server.close();
    turn.server.close();
    expect(turn.timers.size).toBe(0);
    expect(turn.sockets[0]!.closed).toBe(true);
    expect(turn.server.gauges()).toEqual({ allocations: 0, permissions: 0, channels: 0, relayPorts: 0 });
    const count = client.received.length;
    turn.server.receive(turn.request(client, Method.allocate, withUdp), client);
    expect(client.received).toHaveLength(count);
    expect(turn.timers.size).toBe(0);
  });
});
