import { describe, expect, it } from 'vitest';
import { hex } from '../../../src/base/bytes.ts';
import type { StunBuilder } from '../../../src/stun/builder.ts';
import { xorAddress } from '../../../src/stun/fields.ts';
import { StunMessage } from '../../../src/stun/message.ts';
import { Attribute, Method } from '../../../src/stun/registry.ts';
import {
  channelData,
  FakeClient,
  type FakeSocket,
  PEER,
  sendIndication,
  TurnHarness,
  withUdp,
} from './turn-harness.ts';

const FROM = { address: '198.51.100.7', port: 50_000 };
const DATA = Uint8Array.of(1, 2, 3, 4, 5);
const LONGER = Uint8Array.from({ length: 200 }, () => 0xee);

function allocated(protocol: 'udp' | 'tcp' = 'udp'): {
  turn: TurnHarness;
  client: FakeClient;
  socket: FakeSocket;
} {
  const turn = new TurnHarness();
  const client = new FakeClient(FROM, protocol);
  turn.allocate(client);
  return { turn, client, socket: turn.sockets[0]! };
}

describe('Send and Data indications', () => {
  it('carry both ways under a permission', () => {
    const { turn, client, socket } = allocated();
    turn.server.receive(sendIndication(PEER, DATA), client);
    expect(socket.sent).toEqual([]);
    expect(turn.permit(client, PEER).code).toBeUndefined();
    turn.server.receive(sendIndication(PEER, LONGER), client);
    turn.server.receive(sendIndication(PEER, DATA), client);
    expect(socket.sent.at(-1)).toEqual({ data: hex(DATA), ...PEER });
    socket.onDatagram(LONGER, PEER.address, PEER.port);
    socket.onDatagram(DATA, PEER.address, PEER.port);
    const parsed = StunMessage.parse(client.received.at(-1)!);
    if (!parsed.ok) throw new Error(parsed.error);
    expect([parsed.value.kind, parsed.value.method]).toEqual(['indication', Method.data]);
    expect(xorAddress(parsed.value, Attribute.xorPeerAddress)).toEqual(PEER);
    expect(parsed.value.attribute(Attribute.data)).toEqual(DATA);
    // The padding is no rest of the packet before.
    expect([...client.received.at(-1)!.subarray(-3)]).toEqual([0, 0, 0]);
  });

  it('are sent in one piece where they ask for it and the relay can, and dropped where it cannot', () => {
    const whole = sendIndication(PEER, DATA, 'whole');
    const turn = new TurnHarness({ relays: { sendsWhole: true } });
    const client = new FakeClient(FROM);
    const wish = (b: StunBuilder) => withUdp(b).flag(Attribute.dontFragment);
    expect(turn.ask(client, Method.allocate, wish).code).toBeUndefined();
    turn.permit(client, PEER);
    turn.bind(client, 0x4000, PEER);
    for (const bytes of [whole, sendIndication(PEER, DATA), whole, channelData(0x4000, DATA)])
      turn.server.receive(bytes, client);
    const plain = hex(DATA);
    expect(turn.sockets[0]!.sent.map(({ data }) => data)).toEqual([
      `whole ${plain}`,
      plain,
      `whole ${plain}`,
      plain,
    ]);
    const other = allocated();
    other.turn.permit(other.client, PEER);
    other.turn.server.receive(whole, other.client);
    expect(other.socket.sent).toEqual([]);
    expect(other.turn.drops()).toEqual({ malformed: 1 });
  });

  it('need a permission, which lasts 300 s', () => {
    const { turn, client, socket } = allocated();
    turn.permit(client, PEER);
    turn.pass(299_999);
    turn.server.receive(sendIndication(PEER, DATA), client);
    expect(socket.sent).toHaveLength(1);
    expect(turn.server.gauges().permissions).toBe(1);
    turn.pass(1);
    expect(turn.server.gauges().permissions).toBe(0);
    turn.server.receive(sendIndication(PEER, DATA), client);
    expect(socket.sent).toHaveLength(1);
    const count = client.received.length;
    socket.onDatagram(DATA, PEER.address, PEER.port);
    expect(client.received).toHaveLength(count);
  });

  it('without peer or data, or with what must be understood, are dropped', () => {
    const { turn, client, socket } = allocated();
    turn.permit(client, PEER);
    const whole = sendIndication(PEER, DATA);
    const odd = whole.slice();
    odd[20] = 0x7f;
    turn.server.receive(odd, client);
    turn.server.receive(Uint8Array.from([...whole.subarray(0, 2), 0, 12, ...whole.subarray(4, 32)]), client);
    expect(socket.sent).toEqual([]);
    expect(turn.drops()).toMatchObject({ malformed: 2 });
  });
});

describe('channels', () => {
  it('carry both ways, and bring their permission', () => {
    const { turn, client, socket } = allocated();
    expect(turn.bind(client, 0x4001, PEER).code).toBeUndefined();
    expect(turn.server.gauges()).toMatchObject({ permissions: 1, channels: 1 });
    turn.server.receive(channelData(0x4001, LONGER), client);
    turn.server.receive(channelData(0x4001, DATA), client);
    expect(socket.sent.at(-1)).toEqual({ data: hex(DATA), ...PEER });
    socket.onDatagram(DATA, PEER.address, PEER.port);
    expect(client.received.at(-1)).toEqual(channelData(0x4001, DATA));
    expect(turn.server.gauges().allocations).toBe(1);
  });

  it('are padded on a stream, with zeros', () => {
    const { turn, client, socket } = allocated('tcp');
    turn.bind(client, 0x4001, PEER);
    socket.onDatagram(LONGER, PEER.address, PEER.port);
    socket.onDatagram(DATA, PEER.address, PEER.port);
    expect(client.received.at(-1)).toEqual(Uint8Array.from([...channelData(0x4001, DATA), 0, 0, 0]));
  });

  it('last 600 s while permissions last 300 s', () => {
    const { turn, client, socket } = allocated();
    turn.bind(client, 0x4001, PEER);
    turn.pass(550_000);
    turn.refresh(client);
    turn.pass(49_999);
    turn.server.receive(channelData(0x4001, DATA), client);
    expect(socket.sent).toHaveLength(1);
    turn.pass(1);
    turn.server.receive(channelData(0x4001, DATA), client);
    expect(socket.sent).toHaveLength(1);
    expect(turn.server.gauges()).toMatchObject({ permissions: 0, channels: 0 });
    expect(turn.bind(client, 0x4002, PEER).code).toBe(438);
    expect(turn.bind(client, 0x4002, PEER).code).toBeUndefined();
  });

  it('refuse other numbers, a second peer, a second number', () => {
    const turn = new TurnHarness({ isAllowedPeer: (address) => address === PEER.address });
    const client = new FakeClient(FROM);
    turn.allocate(client);
    expect([0x3fff, 0x7fff, 0xffff, 0].map((n) => turn.bind(client, n, PEER).code)).toEqual([
      400, 400, 400, 400,
    ]);
    expect(turn.bind(client, 0x4000, PEER).code).toBeUndefined();
    expect(turn.bind(client, 0x4000, { ...PEER, port: 1 }).code).toBe(400);
    expect(turn.bind(client, 0x4001, PEER).code).toBe(400);
    expect(turn.bind(client, 0x4000, PEER).code).toBeUndefined();
    expect(turn.ask(client, Method.channelBind, () => {}).code).toBe(400);
    expect(turn.ask(client, Method.createPermission, () => {}).code).toBe(400);
  });

  it('are bounded, as permissions are', () => {
    const turn = new TurnHarness({ isAllowedPeer: () => true, limits: { peersPerAllocation: 2 } });
    const client = new FakeClient(FROM);
    turn.allocate(client);
    const codes = [1, 2, 3].map((n) => turn.bind(client, 0x4000 + n, { address: '192.0.2.1', port: n }).code);
    expect(codes).toEqual([undefined, undefined, 508]);
    expect(turn.permit(client, { address: '192.0.2.2', port: 1 }).code).toBeUndefined();
    expect(turn.permit(client, { address: '192.0.2.3', port: 1 }).code).toBe(508);
    expect(turn.permit(client, { address: '192.0.2.1', port: 1 }).code).toBeUndefined();
  });

  it('cut short, unbound or too large are dropped', () => {
    const { turn, client, socket } = allocated();
    turn.bind(client, 0x4001, PEER);
    turn.server.receive(channelData(0x4001, DATA).subarray(0, 7), client);
    turn.server.receive(Uint8Array.of(0x40), client);
    turn.server.receive(channelData(0x4002, DATA), client);
    turn.server.receive(channelData(0x4001, new Uint8Array(5_000)), client);
    socket.onDatagram(new Uint8Array(5_000), PEER.address, PEER.port);
    turn.server.receive(channelData(0x4001, DATA), new FakeClient({ ...FROM, port: 1 }));
    expect(socket.sent).toEqual([]);
    expect(turn.drops()).toMatchObject({ malformed: 2, 'no-channel': 1, 'too-large': 2, 'no-allocation': 1 });
  });
});

describe('pressure', () => {
  it('drops rather than queues', () => {
    const { turn, client, socket } = allocated();
    turn.bind(client, 0x4001, PEER);
    socket.queued = 100;
    turn.server.receive(channelData(0x4001, DATA), client);
    client.congested = true;
    socket.onDatagram(DATA, PEER.address, PEER.port);
    expect(socket.sent).toEqual([]);
    expect(turn.drops()).toMatchObject({ congested: 2 });
  });

  it('never writes into a buffer that the kernel still holds', () => {
    const { turn, client, socket } = allocated();
    turn.bind(client, 0x4001, PEER);
    const held: Uint8Array[] = [];
    socket.send = (bytes) => void held.push(bytes);
    socket.queued = 1;
    turn.server.receive(channelData(0x4001, Uint8Array.of(1)), client);
    turn.server.receive(channelData(0x4001, Uint8Array.of(2)), client);
    expect(held.map((bytes) => [...bytes])).toEqual([[1], [2]]);
    socket.queued = 0;
    turn.server.receive(channelData(0x4001, Uint8Array.of(3)), client);
    turn.server.receive(channelData(0x4001, Uint8Array.of(4)), client);
    expect(held[2]).toBe(held[3]);
  });

  it('counts the bytes of each way', () => {
    const { turn, client, socket } = allocated();
    turn.bind(client, 0x4001, PEER);
    turn.server.receive(channelData(0x4001, LONGER), client);
    socket.onDatagram(DATA, PEER.address, PEER.port);
    turn.refresh(client, 0);
    expect(turn.events.at(-1)).toMatchObject({
      type: 'turn.released',
      reason: 'client',
      bytesUp: 200,
      bytesDown: 5,
    });
  });
});
