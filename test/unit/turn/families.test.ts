import { describe, expect, it } from 'vitest';
import type { StunBuilder } from '../../../src/stun/builder.ts';
import { errorCode, xorAddress, xorAddresses } from '../../../src/stun/fields.ts';
import { StunMessage } from '../../../src/stun/message.ts';
import { Attribute, Method } from '../../../src/stun/registry.ts';
import {
  BOTH,
  channelData,
  FakeClient,
  PEER,
  RELAY_ADDRESS,
  RELAY_ADDRESS_V6,
  sendIndication,
  TurnHarness,
  withUdp,
} from './turn-harness.ts';

const FROM = { address: '2001:db8::7', port: 50_000 };
const PEER_V6 = { address: '2001:db8::20', port: 7882 };
const DATA = Uint8Array.of(1, 2, 3);
const IPV6 = 2 << 24;

function setup(relayAddresses = BOTH) {
  const isAllowedPeer = (address: string, port: number) =>
    port === 7882 && (address === PEER.address || address === PEER_V6.address);
  return { turn: new TurnHarness({ isAllowedPeer, relayAddresses }), client: new FakeClient(FROM) };
}

const wishes = {
  ipv6: (b: StunBuilder) => withUdp(b).u32(Attribute.requestedAddressFamily, IPV6),
  both: (b: StunBuilder) => withUdp(b).u32(Attribute.additionalAddressFamily, IPV6),
};

describe('REQUESTED-ADDRESS-FAMILY: IPv6', () => {
  it('gives a relay of IPv6, over which packets go both ways', () => {
    const { turn, client } = setup();
    const { message, code } = turn.ask(client, Method.allocate, wishes.ipv6);
    expect(code).toBeUndefined();
    const [socket] = turn.sockets;
    expect(xorAddress(message, Attribute.xorRelayedAddress)).toEqual({
      address: RELAY_ADDRESS_V6,
      port: socket!.local.port,
    });
    expect(xorAddress(message, Attribute.xorMappedAddress)).toEqual(FROM);
    expect(turn.permit(client, PEER_V6).code).toBeUndefined();
    turn.server.receive(sendIndication(PEER_V6, DATA), client);
    expect(socket!.sent).toEqual([{ data: '010203', ...PEER_V6 }]);
    socket!.onDatagram(DATA, PEER_V6.address, PEER_V6.port);
    const indication = StunMessage.parse(client.received.at(-1)!);
    if (!indication.ok) throw new Error(indication.error);
    expect(xorAddress(indication.value, Attribute.xorPeerAddress)).toEqual(PEER_V6);
    expect(indication.value.attribute(Attribute.data)).toEqual(DATA);
  });

  it('binds channels to IPv6 peers', () => {
    const { turn, client } = setup();
    turn.ask(client, Method.allocate, wishes.ipv6);
    expect(turn.bind(client, 0x4000, PEER_V6).code).toBeUndefined();
    turn.server.receive(channelData(0x4000, DATA), client);
    expect(turn.sockets[0]!.sent).toEqual([{ data: '010203', ...PEER_V6 }]);
    turn.sockets[0]!.onDatagram(DATA, PEER_V6.address, PEER_V6.port);
    expect(client.received.at(-1)!.slice(0, 7)).toEqual(Uint8Array.of(0x40, 0, 0, 3, 1, 2, 3));
  });

  it('a peer of the other family: 443, and no packet', () => {
    const { turn, client } = setup();
    turn.ask(client, Method.allocate, wishes.ipv6);
    expect(turn.permit(client, PEER).code).toBe(443);
    expect(turn.bind(client, 0x4000, PEER).code).toBe(443);
    turn.permit(client, PEER_V6);
    turn.server.receive(sendIndication(PEER, DATA), client);
    expect(turn.sockets[0]!.sent).toEqual([]);
    const v4 = new FakeClient({ ...FROM, port: 2 });
    turn.allocate(v4);
    expect(turn.permit(v4, PEER_V6).code).toBe(443);
    expect(turn.refresh(v4).code).toBeUndefined();
    const wrong = turn.ask(v4, Method.refresh, (b) => b.u32(Attribute.requestedAddressFamily, IPV6));
    expect(wrong.code).toBe(443);
  });

  it('without a relay of IPv6: 440; and a gateway of IPv6 alone gives that to who names none', () => {
    const { turn, client } = setup({ ipv4: RELAY_ADDRESS });
    expect(turn.ask(client, Method.allocate, wishes.ipv6).code).toBe(440);
    const alone = setup({ ipv6: RELAY_ADDRESS_V6 });
    const { message } = alone.turn.allocate(alone.client);
    expect(xorAddress(message, Attribute.xorRelayedAddress)!.address).toBe(RELAY_ADDRESS_V6);
  });

  it('mixed permissions of one request are checked one by one', () => {
    const { turn, client } = setup();
    turn.ask(client, Method.allocate, wishes.both);
    const reply = turn.ask(client, Method.createPermission, (b) => {
      b.xorAddress(Attribute.xorPeerAddress, PEER.address, PEER.port);
      b.xorAddress(Attribute.xorPeerAddress, PEER_V6.address, PEER_V6.port);
    });
    expect(reply.code).toBeUndefined();
    for (const peer of [PEER, PEER_V6]) turn.server.receive(sendIndication(peer, DATA), client);
    expect(turn.sockets.map(({ sent }) => sent)).toEqual([
      [{ data: '010203', ...PEER }],
      [{ data: '010203', ...PEER_V6 }],
    ]);
  });
});

describe('ADDITIONAL-ADDRESS-FAMILY', () => {
  it('gives a relay of each family, each with a life of its own', () => {
    const { turn, client } = setup();
    const { message } = turn.ask(client, Method.allocate, wishes.both);
    expect(xorAddresses(message, Attribute.xorRelayedAddress)!.map(({ address }) => address)).toEqual([
      RELAY_ADDRESS,
      RELAY_ADDRESS_V6,
    ]);
    turn.permit(client, PEER);
    turn.bind(client, 0x4000, PEER_V6);
    const end = turn.ask(client, Method.refresh, (b) =>
      b.u32(Attribute.lifetime, 0).u32(Attribute.requestedAddressFamily, IPV6),
    );
    expect(end.code).toBeUndefined();
    expect(turn.sockets.map(({ closed }) => closed)).toEqual([false, true]);
    expect(turn.server.gauges()).toEqual({ allocations: 1, permissions: 1, channels: 0, relayPorts: 1 });
    turn.server.receive(channelData(0x4000, DATA), client);
    expect(turn.sockets[1]!.sent).toEqual([]);
    turn.pass(600_000);
    expect(turn.server.gauges()).toEqual({ allocations: 0, permissions: 0, channels: 0, relayPorts: 0 });
  });

  it('refreshes one of two: the other expires', () => {
    const { turn, client } = setup();
    turn.ask(client, Method.allocate, wishes.both);
    turn.pass(500_000);
    turn.ask(client, Method.refresh, (b) => b.u32(Attribute.requestedAddressFamily, IPV6));
    turn.pass(100_000);
    expect(turn.sockets.map(({ closed }) => closed)).toEqual([true, false]);
    turn.pass(500_000);
    expect(turn.server.gauges().allocations).toBe(0);
    expect(turn.timers.size).toBe(0);
  });

  it('tells in ADDRESS-ERROR-CODE that there is none of IPv6, and gives the other', () => {
    const { turn, client } = setup({ ipv4: RELAY_ADDRESS });
    const { message, code } = turn.ask(client, Method.allocate, wishes.both);
    expect([code, errorCode(message)]).toEqual([undefined, undefined]);
    expect(xorAddresses(message, Attribute.xorRelayedAddress)).toHaveLength(1);
    expect([...message.attribute(Attribute.addressErrorCode)!.subarray(0, 4)]).toEqual([2, 0, 4, 40]);
  });

  it.each([
    ['of IPv4', (b: StunBuilder) => withUdp(b).u32(Attribute.additionalAddressFamily, 1 << 24)],
    ['beside REQUESTED', (b: StunBuilder) => wishes.both(b).u32(Attribute.requestedAddressFamily, IPV6)],
    [
      'with a reservation',
      (b: StunBuilder) => wishes.both(b).attribute(Attribute.evenPort, Uint8Array.of(128)),
    ],
    [
      'with a token',
      (b: StunBuilder) => wishes.both(b).attribute(Attribute.reservationToken, new Uint8Array(8)),
    ],
  ])('%s: 400', (_, fill) => {
    const { turn, client } = setup();
    expect(turn.ask(client, Method.allocate, fill).code).toBe(400);
    expect(turn.sockets).toEqual([]);
  });

  it('gives both ports back when the client leaves while the second is being opened', () => {
    const { turn, client } = setup();
    turn.opening = 'wait';
    turn.exchange(client, turn.request(client, Method.allocate, wishes.both));
    turn.pending[0]!();
    turn.server.clientClosed(client);
    turn.pending[1]!();
    expect(turn.sockets.map(({ closed }) => closed)).toEqual([true, true]);
    expect(turn.server.gauges().relayPorts).toBe(0);
  });
});
