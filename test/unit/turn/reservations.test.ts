import { describe, expect, it } from 'vitest';
import type { StunBuilder } from '../../../src/stun/builder.ts';
import { xorAddress } from '../../../src/stun/fields.ts';
import { Attribute, Method } from '../../../src/stun/registry.ts';
import { FakeClient, type Reply, TurnHarness, withUdp } from './turn-harness.ts';

const FROM = { address: '198.51.100.7', port: 50_000 };
const withPair = (b: StunBuilder) => withUdp(b).attribute(Attribute.evenPort, Uint8Array.of(0x80));
const withToken = (token: Uint8Array) => (b: StunBuilder) =>
  withUdp(b).attribute(Attribute.reservationToken, token);

function clientAt(port: number): FakeClient {
  return new FakeClient({ ...FROM, port });
}

function portOf({ message }: Reply): number {
  return xorAddress(message, Attribute.xorRelayedAddress)!.port;
}

function reserve(turn: TurnHarness, client = clientAt(1)) {
  const reply = turn.ask(client, Method.allocate, withPair);
  return { reply, token: reply.message.attribute(Attribute.reservationToken)!.slice() };
}

describe('EVEN-PORT with a reservation', () => {
  it('gives an even port, and the next one to who brings the token, once', () => {
    const turn = new TurnHarness();
    const { reply, token } = reserve(turn);
    expect(portOf(reply) % 2).toBe(0);
    expect(token).toHaveLength(8);
    expect(turn.server.gauges().relayPorts).toBe(2);
    const second = turn.ask(clientAt(2), Method.allocate, withToken(token));
    expect(portOf(second)).toBe(portOf(reply) + 1);
    expect(turn.sockets).toHaveLength(2);
    expect(turn.ask(clientAt(3), Method.allocate, withToken(token)).code).toBe(508);
  });

  it('is kept for 30 s, and then given back', () => {
    const turn = new TurnHarness();
    const { token } = reserve(turn);
    turn.pass(29_999);
    expect(turn.sockets[1]!.closed).toBe(false);
    turn.pass(1);
    expect(turn.sockets[1]!.closed).toBe(true);
    expect(turn.server.gauges().relayPorts).toBe(1);
    expect(turn.ask(clientAt(2), Method.allocate, withToken(token)).code).toBe(508);
  });

  it('is for the user who was given it', () => {
    const turn = new TurnHarness();
    const { token } = reserve(turn);
    const credentials = turn.credentials('mallory');
    expect(turn.ask(clientAt(2), Method.allocate, withToken(token), { credentials }).code).toBe(508);
    expect(turn.ask(clientAt(3), Method.allocate, withToken(token)).code).toBeUndefined();
  });

  it('counts as one of the user\u2019s, and is claimed within the quota', () => {
    const turn = new TurnHarness({ limits: { allocationsPerUser: 2 } });
    const { token } = reserve(turn);
    expect(turn.allocate(clientAt(2)).code).toBe(486);
    expect(turn.ask(clientAt(3), Method.allocate, withToken(token)).code).toBeUndefined();
    expect(turn.ask(clientAt(4), Method.allocate, withPair).code).toBe(486);
  });

  it('takes another pair when one of its ports is somebody else\u2019s, and holds none of the first', () => {
    const turn = new TurnHarness();
    turn.opening = 'wait';
    const client = clientAt(1);
    turn.exchange(client, turn.request(client, Method.allocate, withPair));
    // The even one is had, the odd one is not.
    turn.pending[0]!();
    turn.openings[1]!(undefined);
    turn.opening = 'open';
    expect(turn.sockets[0]!.closed).toBe(true);
    turn.pending[2]!();
    expect(turn.server.gauges()).toMatchObject({ allocations: 1, relayPorts: 2 });
  });

  it('without a pair that is free: 508', () => {
    const turn = new TurnHarness({ limits: { relayPorts: [30_001, 30_002] } });
    expect(turn.ask(clientAt(1), Method.allocate, withPair).code).toBe(508);
    expect(turn.server.gauges().relayPorts).toBe(0);
  });

  it('are bounded, and close with the server', () => {
    const turn = new TurnHarness({ limits: { allocationsPerUser: 10_000, answerBurst: 1e6 } });
    const codes = Array.from(
      { length: 257 },
      (_, i) => turn.ask(clientAt(i + 1), Method.allocate, withPair).code,
    );
    expect(codes.slice(0, 256).every((code) => code === undefined)).toBe(true);
    expect(codes[256]).toBe(508);
    turn.server.close();
    expect(turn.sockets.every(({ closed }) => closed)).toBe(true);
    expect(turn.server.gauges().relayPorts).toBe(0);
    turn.pass(1_000);
    expect(turn.timers.size).toBe(0);
  });
});
