import { hex } from '../../src/base/bytes.ts';
import { StunBuilder } from '../../src/stun/builder.ts';
import { StunMessage } from '../../src/stun/message.ts';
import { Attribute, Method } from '../../src/stun/registry.ts';
import { isChannelNumber } from '../../src/turn/channel-data.ts';
import type { SeededRandom } from '../support/lossy-net.ts';
import {
  BOTH,
  channelData,
  FakeClient,
  PEER,
  sendIndication,
  TurnHarness,
  withUdp,
} from '../unit/turn/turn-harness.ts';
import { mutate, pick } from './mutate.ts';
import { must, type Target } from './target.ts';

const PEER_V6 = { address: '2001:db8::20', port: 7882 };
const ID = new Uint8Array(12);
const IPV6 = 2 << 24;
/** Stands for the token or ticket that the server gave last: no mutation guesses those. */
const GIVEN = new Uint8Array(8).fill(0xee);

function request(method: number, fill: (b: StunBuilder) => unknown): Uint8Array {
  const builder = new StunBuilder(method, 'request', ID);
  fill(builder);
  return builder.finish().slice();
}

function withPeer(b: StunBuilder, peer = PEER): StunBuilder {
  return b.xorAddress(Attribute.xorPeerAddress, peer.address, peer.port);
}

/** What clients with credentials ask and send; who they are is added when it is sent. */
const ASKED: readonly Uint8Array[] = [
  request(Method.allocate, withUdp),
  request(Method.allocate, (b) => withUdp(b).attribute(Attribute.evenPort, Uint8Array.of(0x80))),
  request(Method.allocate, (b) => withUdp(b).attribute(Attribute.reservationToken, GIVEN)),
  request(Method.allocate, (b) => withUdp(b).u32(Attribute.requestedAddressFamily, IPV6)),
  request(Method.allocate, (b) => withUdp(b).u32(Attribute.additionalAddressFamily, IPV6)),
  request(Method.allocate, (b) => withUdp(b).flag(Attribute.mobilityTicket).u32(Attribute.lifetime, 900)),
  request(Method.refresh, (b) => b.u32(Attribute.lifetime, 0)),
  request(Method.refresh, (b) => b.u32(Attribute.lifetime, 700).u32(Attribute.requestedAddressFamily, IPV6)),
  request(Method.refresh, (b) => b.attribute(Attribute.mobilityTicket, GIVEN)),
  request(Method.createPermission, withPeer),
  request(Method.createPermission, (b) => withPeer(withPeer(b), PEER_V6)),
  request(Method.channelBind, (b) => withPeer(b.u32(Attribute.channelNumber, 0x4000_0000))),
  request(Method.channelBind, (b) => withPeer(b.u32(Attribute.channelNumber, 0x4001_0000), PEER_V6)),
  sendIndication(PEER, Uint8Array.of(1, 2, 3)),
  sendIndication(PEER_V6, Uint8Array.of(1, 2, 3, 4)),
  channelData(0x4000, Uint8Array.of(1, 2, 3)),
  channelData(0x4001, Uint8Array.of(1, 2, 3)),
];

const ALLOCATIONS = [0, 1, 3, 4, 5].map((index) => ASKED[index]!);

const LIMITS = { answersPerSecond: 1e9, answerBurst: 1e9, allocationsPerUser: 3, peersPerAllocation: 4 };

/** Clients who are who they say, two users on three ways, and ask for anything whatever. */
class Users {
  readonly harness = new TurnHarness({
    limits: LIMITS,
    relayAddresses: BOTH,
    isAllowedPeer: (address, port) =>
      port === 7882 && (address === PEER.address || address === PEER_V6.address),
  });
  readonly #clients = [
    new FakeClient({ address: '198.51.100.1', port: 1 }),
    new FakeClient({ address: '2001:db8:1::2', port: 2 }),
    new FakeClient({ address: '198.51.100.3', port: 3 }, 'tcp'),
  ];
  readonly #alice = this.harness.credentials('alice', 86_400);
  readonly #bob = this.harness.credentials('bob', 86_400);
  #given: Uint8Array = GIVEN;

  send(bytes: Uint8Array, turn: number): void {
    const client = this.#clients[turn % this.#clients.length]!;
    const before = client.received.length;
    this.harness.server.receive(this.#signed(bytes, client, turn), client);
    for (const answer of client.received.splice(before)) this.#read(answer);
  }

  /** The same message with credentials; what is no request stays as it is. */
  #signed(bytes: Uint8Array, client: FakeClient, turn: number): Uint8Array {
    const isRequest =
      bytes.length >= 20 && bytes[0]! < 0x40 && (bytes[0]! & 1) === 0 && (bytes[1]! & 0x10) === 0;
    if (!isRequest) return bytes;
    // Now and then it is somebody else who asks on that way.
    const isBob = (client.protocol === 'tcp') !== (turn % 13 === 12);
    const algorithm = turn % 5 === 0 ? 'md5' : 'sha256';
    return this.harness.request(client, bytes[1]! & 0xf, (b) => this.#copy(bytes, b), {
      credentials: isBob ? this.#bob : this.#alice,
      ...(turn % 2 === 0 ? {} : { modern: { algorithm } }),
    });
  }

  /** Attributes as they stand there, up to the first that does not fit. */
  #copy(bytes: Uint8Array, to: StunBuilder): void {
    for (let at = 20; at + 4 <= bytes.length; ) {
      const type = (bytes[at]! << 8) | bytes[at + 1]!;
      const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
      if (at + 4 + length > bytes.length) return;
      const value = bytes.slice(at + 4, at + 4 + length);
      to.attribute(type, hex(value) === hex(GIVEN) ? this.#given : value);
      at += 4 + ((length + 3) & ~3);
    }
  }

  #read(answer: Uint8Array): void {
    if (answer[0]! >= 0x40) {
      must(isChannelNumber((answer[0]! << 8) | answer[1]!), 'ChannelData without a channel');
      return;
    }
    const parsed = StunMessage.parse(answer);
    must(parsed.ok, 'an answer that cannot be read');
    const { value } = parsed;
    this.#given = (
      value.attribute(Attribute.reservationToken) ??
      value.attribute(Attribute.mobilityTicket) ??
      this.#given
    ).slice();
  }
}

/** When all has run out: no allocation, no socket, and no alarm once the server is closed. */
export function mustLeaveNothing(harness: TurnHarness): void {
  const left = harness.server.gauges();
  must(
    Object.values(left).every((value) => value === 0),
    `left: ${JSON.stringify(left)}`,
  );
  must(
    harness.sockets.every(({ closed }) => closed),
    'a relay socket is left open',
  );
  harness.server.close();
  harness.pass(60_000);
  must(harness.timers.size === 0, `${harness.timers.size} alarms are left`);
}

/** Procedures of TURN, asked by users with credentials. */
export const turnUsers: Target = {
  name: 'turn-users',
  make: (random: SeededRandom) =>
    Array.from({ length: 4 + (random.u32() % 30) }, (_, turn) => {
      // Who holds nothing gets no further than that: each client begins by an allocation.
      const asked = pick(random, turn < 3 ? ALLOCATIONS : ASKED);
      if (turn < 3) return asked;
      return random.u32() % 2 === 0 ? asked : mutate(random, asked, ASKED);
    }),
  check(inputs) {
    const users = new Users();
    const { harness } = users;
    for (const [turn, bytes] of inputs.entries()) {
      users.send(bytes, turn);
      const { allocations, permissions, channels, relayPorts } = harness.server.gauges();
      must(allocations <= 3 && permissions <= 12 && channels <= 12, 'more than the limits');
      // Two users of three each, and one of two families has two ports.
      must(relayPorts <= 12, 'more ports than allocations');
      for (const socket of harness.sockets.filter(({ closed }) => !closed))
        socket.onDatagram(bytes, socket.local.address.includes(':') ? PEER_V6.address : PEER.address, 7882);
      harness.pass(200);
    }
    const isPeer = (to: { address: string; port: number }) =>
      to.port === 7882 && (to.address === PEER.address || to.address === PEER_V6.address);
    must(
      harness.sockets.every(({ sent }) => sent.every(isPeer)),
      'a packet to what is no peer',
    );
    harness.pass(3_700_000);
    mustLeaveNothing(harness);
  },
};
