import { nodeDigests as digests } from '../../../src/adapters/crypto/crypto.ts';
import { hex } from '../../../src/base/bytes.ts';
import type { DatagramSocket, HostPort } from '../../../src/base/net.ts';
import type { Random } from '../../../src/base/random.ts';
import type { GatewayEvent } from '../../../src/events/index.ts';
import { StunBuilder } from '../../../src/stun/builder.ts';
import { errorCode, nonce } from '../../../src/stun/fields.ts';
import { longTermKey } from '../../../src/stun/integrity.ts';
import { StunMessage } from '../../../src/stun/message.ts';
import { encodePasswordAlgorithm, type PasswordAlgorithm } from '../../../src/stun/password-algorithm.ts';
import { Attribute, Method } from '../../../src/stun/registry.ts';
import { TurnAccounts } from '../../../src/turn/accounts.ts';
import { mintTurnCredentials, type TurnCredentials } from '../../../src/turn/credentials.ts';
import type { RelayAddresses, RelayOpener, TurnClient, TurnLimits } from '../../../src/turn/ports.ts';
import { TurnServer } from '../../../src/turn/server.ts';
import { VirtualTime } from '../../support/virtual-time.ts';

export const SECRET = 'a secret of the test';
/** Somebody with a password of its own. */
export const STATIC_USER = { username: 'desk-phone', password: 'a password of the test' };
export const REALM = 'turn.test';
export const RELAY_ADDRESS = '192.0.2.10';
export const RELAY_ADDRESS_V6 = '2001:db8::10';
/** Relays of either family. */
export const BOTH: RelayAddresses = { ipv4: RELAY_ADDRESS, ipv6: RELAY_ADDRESS_V6 };
/** The one peer that may be talked to. */
export const PEER = { address: '192.0.2.20', port: 7882 };
/** Unix time of virtual time 0, ms. */
export const EPOCH = 1_800_000_000_000;

/** Repeats itself from run to run. */
export function seededRandom(seed = 1): Random {
  let state = seed;
  const u32 = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
  return { u32, bytes: (length) => Uint8Array.from({ length }, () => u32() >>> 24) };
}

/** A relay socket that remembers what was sent through it. */
export class FakeSocket implements DatagramSocket {
  readonly local: HostPort;
  readonly sent: { data: string; port: number; address: string }[] = [];
  queued = 0;
  closed = false;
  onDatagram: DatagramSocket['onDatagram'] = () => {};

  constructor(local: HostPort) {
    this.local = local;
  }

  send(bytes: Uint8Array, port: number, address: string): void {
    this.sent.push({ data: hex(bytes), port, address });
  }

  sendWhole(bytes: Uint8Array, port: number, address: string): void {
    this.sent.push({ data: `whole ${hex(bytes)}`, port, address });
  }

  close(): void {
    this.closed = true;
  }
}

/** A client's 5-tuple that remembers what came back. */
export class FakeClient implements TurnClient {
  readonly protocol: 'udp' | 'tcp';
  readonly remote: HostPort;
  readonly local = { address: '192.0.2.10', port: 3478 };
  queued = 0;
  congested = false;
  releases = 0;
  readonly received: Uint8Array[] = [];

  constructor(remote: HostPort, protocol: 'udp' | 'tcp' = 'udp') {
    this.remote = remote;
    this.protocol = protocol;
  }

  send(bytes: Uint8Array): void {
    this.received.push(bytes.slice());
  }

  released(): void {
    this.releases++;
  }
}

export interface RequestOptions {
  readonly credentials?: TurnCredentials;
  /** Overrides the nonce that the client was given. */
  readonly nonce?: string;
  readonly realm?: string;
  readonly transaction?: Uint8Array;
  /** As a client of RFC 8489 signs: the algorithm that it took, and what it repeats of the offer. */
  readonly modern?: { readonly algorithm: PasswordAlgorithm; readonly repeated?: Uint8Array };
}

/** What a server offers in every challenge: SHA-256, then MD5. */
export const OFFER = Uint8Array.of(0, 2, 0, 0, 0, 1, 0, 0);

/** One reply, taken apart. */
export interface Reply {
  readonly message: StunMessage;
  readonly code: number | undefined;
}

/** A server in virtual time with fake sockets, and a client that knows how to ask. */
export class TurnHarness extends VirtualTime {
  readonly events: GatewayEvent[] = [];
  readonly sockets: FakeSocket[] = [];
  readonly server: TurnServer;
  readonly random = seededRandom(7);
  readonly accounts = new TurnAccounts({
    ...{ digests, secret: SECRET, credentialsMs: 3_600_000, users: [STATIC_USER] },
    wall: { unixMs: () => EPOCH + this.now },
  });
  override now = 1_000;
  /** What the next openings do: a socket at once, none, or wait in `pending`. */
  opening: 'open' | 'fail' | 'wait' = 'open';
  readonly pending: (() => void)[] = [];
  /** The same, to be answered with whatever socket. */
  readonly openings: ((socket: FakeSocket | undefined) => void)[] = [];
  readonly #alice = mintTurnCredentials({
    digests,
    secret: SECRET,
    identity: 'alice',
    unixMs: EPOCH,
    ttlSeconds: 86_400,
  });
  readonly #nonces = new Map<TurnClient, string>();

  constructor(
    options: {
      limits?: Partial<TurnLimits>;
      isAllowedPeer?: (address: string, port: number) => boolean;
      relayAddresses?: RelayAddresses;
      /** What its relay sockets can do. */
      relays?: Pick<RelayOpener, 'sendsWhole'>;
    } = {},
  ) {
    super();
    const relays: RelayOpener = {
      ...options.relays,
      open: (family, port, opened) => {
        if (this.opening === 'fail') return opened(undefined);
        const address = family === 'ipv4' ? RELAY_ADDRESS : RELAY_ADDRESS_V6;
        const socket = new FakeSocket({ address, port });
        this.sockets.push(socket);
        if (this.opening === 'open') opened(socket);
        else {
          this.pending.push(() => opened(socket));
          this.openings.push(opened);
        }
      },
    };
    this.server = new TurnServer({
      timers: this.timers,
      clock: this.clock,
      wall: { unixMs: () => EPOCH + this.now },
      random: seededRandom(),
      digests,
      accounts: this.accounts,
      realm: REALM,
      relayAddresses: options.relayAddresses ?? { ipv4: RELAY_ADDRESS },
      relays,
      isAllowedPeer:
        options.isAllowedPeer ?? ((address, port) => address === PEER.address && port === PEER.port),
      emit: (event) => this.events.push(event),
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    });
  }

  credentials(identity = 'alice', ttlSeconds = 3600): TurnCredentials {
    return mintTurnCredentials({ digests, secret: SECRET, identity, unixMs: EPOCH + this.now, ttlSeconds });
  }

  /** Sends bytes and gives the reply, if one came. */
  exchange(client: FakeClient, bytes: Uint8Array): Reply | undefined {
    const before = client.received.length;
    this.server.receive(bytes, client);
    const reply = client.received[before];
    if (reply === undefined) return undefined;
    const parsed = StunMessage.parse(reply);
    if (!parsed.ok) throw new Error(parsed.error);
    const fresh = nonce(parsed.value);
    if (fresh !== undefined) this.#nonces.set(client, fresh);
    return { message: parsed.value, code: errorCode(parsed.value)?.code };
  }

  /** A nonce for this client, asked for by a bare Allocate when there is none. */
  nonce(client: FakeClient): string {
    const known = this.#nonces.get(client);
    if (known !== undefined) return known;
    this.exchange(client, new StunBuilder(Method.allocate, 'request', this.random.bytes(12)).finish());
    return this.#nonces.get(client)!;
  }

  /** An authenticated request's bytes. */
  request(
    client: FakeClient,
    method: number,
    fill: (builder: StunBuilder) => void,
    options: RequestOptions = {},
  ): Uint8Array {
    const { username, password } = options.credentials ?? this.#alice;
    const realm = options.realm ?? REALM;
    const builder = new StunBuilder(method, 'request', options.transaction ?? this.random.bytes(12));
    fill(builder);
    builder.text(Attribute.username, username).text(Attribute.realm, realm);
    builder.text(Attribute.nonce, options.nonce ?? this.nonce(client));
    const { modern } = options;
    const key = longTermKey(digests, username, realm, password, modern?.algorithm);
    if (modern === undefined) return builder.messageIntegrity(digests, key).finish();
    return builder
      .attribute(Attribute.passwordAlgorithm, encodePasswordAlgorithm(modern.algorithm))
      .attribute(Attribute.passwordAlgorithms, modern.repeated ?? OFFER)
      .messageIntegritySha256(digests, key)
      .finish();
  }

  ask(
    client: FakeClient,
    method: number,
    fill: (builder: StunBuilder) => void,
    options?: RequestOptions,
  ): Reply {
    return this.exchange(client, this.request(client, method, fill, options))!;
  }

  allocate(client: FakeClient, options?: RequestOptions): Reply {
    return this.ask(client, Method.allocate, withUdp, options);
  }

  permit(client: FakeClient, peer: HostPort, options?: RequestOptions): Reply {
    const fill = (b: StunBuilder): unknown => b.xorAddress(Attribute.xorPeerAddress, peer.address, peer.port);
    return this.ask(client, Method.createPermission, fill, options);
  }

  bind(client: FakeClient, channel: number, peer: HostPort, options?: RequestOptions): Reply {
    const fill = (b: StunBuilder): unknown =>
      b
        .u32(Attribute.channelNumber, channel << 16)
        .xorAddress(Attribute.xorPeerAddress, peer.address, peer.port);
    return this.ask(client, Method.channelBind, fill, options);
  }

  refresh(client: FakeClient, lifetime?: number, options?: RequestOptions): Reply {
    const fill = (b: StunBuilder): unknown =>
      lifetime === undefined ? b : b.u32(Attribute.lifetime, lifetime);
    return this.ask(client, Method.refresh, fill, options);
  }

  /** Reasons of what was dropped, summed. */
  drops(): Record<string, number> {
    this.pass(1_000);
    const sums: Record<string, number> = {};
    for (const event of this.events) {
      if (event.type === 'dropped') sums[event.reason] = (sums[event.reason] ?? 0) + event.count;
    }
    return sums;
  }
}

/** REQUESTED-TRANSPORT UDP. */
export function withUdp(builder: StunBuilder): StunBuilder {
  return builder.u32(Attribute.requestedTransport, 17 << 24);
}

/** A Send indication; `whole`: with DONT-FRAGMENT. */
export function sendIndication(peer: HostPort, data: Uint8Array, how?: 'whole'): Uint8Array {
  const builder = new StunBuilder(Method.send, 'indication', new Uint8Array(12));
  builder.xorAddress(Attribute.xorPeerAddress, peer.address, peer.port);
  if (how === 'whole') builder.flag(Attribute.dontFragment);
  return builder.attribute(Attribute.data, data).finish();
}

/** A ChannelData message, unpadded. */
export function channelData(channel: number, data: Uint8Array): Uint8Array {
  return Uint8Array.from([channel >> 8, channel & 255, data.length >> 8, data.length & 255, ...data]);
}
