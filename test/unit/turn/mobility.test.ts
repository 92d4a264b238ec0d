import { describe, expect, it } from 'vitest';
import type { StunBuilder } from '../../../src/stun/builder.ts';
import { Attribute, Method } from '../../../src/stun/registry.ts';
import { channelData, FakeClient, PEER, type Reply, TurnHarness, withUdp } from './turn-harness.ts';

const WIFI = { address: '198.51.100.7', port: 50_000 };
const CELL = { address: '203.0.113.9', port: 40_000 };
const DATA = Uint8Array.of(1, 2, 3);

function ticketOf({ message }: Reply): Uint8Array {
  return message.attribute(Attribute.mobilityTicket)!.slice();
}

function moveWith(ticket: Uint8Array) {
  return (b: StunBuilder) => b.attribute(Attribute.mobilityTicket, ticket);
}

function setup() {
  const turn = new TurnHarness();
  const wifi = new FakeClient(WIFI);
  const ticket = ticketOf(turn.ask(wifi, Method.allocate, (b) => withUdp(b).flag(Attribute.mobilityTicket)));
  turn.bind(wifi, 0x4000, PEER);
  return { turn, wifi, cell: new FakeClient(CELL), ticket };
}

describe('a client with a ticket (RFC 8016)', () => {
  it('takes its allocation along to another address, with channels and relay', () => {
    const { turn, wifi, cell, ticket } = setup();
    const reply = turn.ask(cell, Method.refresh, moveWith(ticket));
    expect(reply.code).toBeUndefined();
    expect(ticketOf(reply)).not.toEqual(ticket);
    expect([turn.server.holds(wifi), turn.server.holds(cell), wifi.releases]).toEqual([false, true, 1]);
    turn.server.receive(channelData(0x4000, DATA), cell);
    expect(turn.sockets[0]!.sent).toEqual([{ data: '010203', ...PEER }]);
    turn.sockets[0]!.onDatagram(DATA, PEER.address, PEER.port);
    expect(cell.received.at(-1)!.slice(0, 7)).toEqual(Uint8Array.of(0x40, 0, 0, 3, 1, 2, 3));
    turn.server.receive(channelData(0x4000, DATA), wifi);
    expect(turn.sockets[0]!.sent).toHaveLength(1);
    expect(turn.server.gauges()).toMatchObject({ allocations: 1, relayPorts: 1 });
  });

  it('uses it again when the answer with the next one is lost, from wherever it is by then', () => {
    const { turn, wifi, cell, ticket } = setup();
    turn.ask(cell, Method.refresh, moveWith(ticket));
    const elsewhere = new FakeClient({ ...CELL, port: 1 });
    const next = ticketOf(turn.ask(elsewhere, Method.refresh, moveWith(ticket)));
    expect([turn.server.holds(cell), turn.server.holds(elsewhere)]).toEqual([false, true]);
    turn.ask(wifi, Method.refresh, moveWith(next));
    expect(turn.server.gauges()).toMatchObject({ allocations: 1, relayPorts: 1 });
  });

  it('uses none but the last two', () => {
    const { turn, wifi, cell, ticket } = setup();
    const next = ticketOf(turn.ask(cell, Method.refresh, moveWith(ticket)));
    turn.ask(wifi, Method.refresh, moveWith(next));
    const thief = new FakeClient({ ...CELL, port: 1 });
    expect(turn.ask(thief, Method.refresh, moveWith(ticket)).code).toBe(400);
    expect(turn.server.holds(wifi)).toBe(true);
  });

  it('goes back again with the next one, and ends it there', () => {
    const { turn, wifi, cell, ticket } = setup();
    const next = ticketOf(turn.ask(cell, Method.refresh, moveWith(ticket)));
    const ended = turn.ask(wifi, Method.refresh, (b) => moveWith(next)(b).u32(Attribute.lifetime, 0));
    expect(ended.code).toBeUndefined();
    expect(turn.server.gauges()).toMatchObject({ allocations: 0, relayPorts: 0 });
    expect(turn.ask(cell, Method.refresh, moveWith(next)).code).toBe(400);
  });

  it('is nobody else: another user is refused with 441, and nothing moves', () => {
    const { turn, wifi, cell, ticket } = setup();
    const credentials = turn.credentials('mallory');
    expect(turn.ask(cell, Method.refresh, moveWith(ticket), { credentials }).code).toBe(441);
    expect(turn.server.holds(wifi)).toBe(true);
  });

  it('cannot while it waits for another allocation: 437, and all stays as it was', () => {
    const { turn, wifi, cell, ticket } = setup();
    turn.opening = 'wait';
    turn.exchange(cell, turn.request(cell, Method.allocate, withUdp));
    expect(turn.ask(cell, Method.refresh, moveWith(ticket)).code).toBe(437);
    turn.pending[0]!();
    expect([turn.server.holds(wifi), turn.server.holds(cell)]).toEqual([true, true]);
    expect(turn.server.gauges()).toMatchObject({ allocations: 2, relayPorts: 2 });
  });

  it('gets a new one with each refresh that asks for it', () => {
    const { turn, wifi, ticket } = setup();
    const next = ticketOf(turn.ask(wifi, Method.refresh, (b) => b.flag(Attribute.mobilityTicket)));
    expect(next).not.toEqual(ticket);
    expect(turn.refresh(wifi).message.has(Attribute.mobilityTicket)).toBe(false);
  });
});

it('who did not ask for a ticket gets none, and a ticket without an allocation moves nothing', () => {
  const turn = new TurnHarness();
  const client = new FakeClient(WIFI);
  expect(turn.allocate(client).message.has(Attribute.mobilityTicket)).toBe(false);
  const other = new FakeClient(CELL);
  expect(turn.ask(other, Method.refresh, moveWith(new Uint8Array(16))).code).toBe(400);
  expect(turn.ask(other, Method.refresh, (b) => b).code).toBe(437);
});
