import type { Clock, Millis, WallClock } from '../base/clock.ts';
import type { Digests } from '../base/digests.ts';
import { formatHostPort } from '../base/net.ts';
import type { Random } from '../base/random.ts';
import type { Timers } from '../base/wake-queue.ts';
import type { EventSink } from '../events/index.ts';
import { StunBuilder } from '../stun/builder.ts';
import { classOf, methodOf, StunMessage, stunFault } from '../stun/message.ts';
import { Attribute, Method } from '../stun/registry.ts';
import type { TurnAccounts } from './accounts.ts';
import type { TurnSession } from './allocation.ts';
import { AllocationTable, type TurnGauges } from './allocation-table.ts';
import { Authenticator, type AuthFailure, sealAnswer } from './authenticate.ts';
import { startsChannelData } from './channel-data.ts';
import { Drops, type TurnDrop } from './drops.ts';
import { Nonces } from './nonce.ts';
import type { PeerRule } from './peer-rule.ts';
import {
  defaultTurnLimits,
  type RelayAddresses,
  type RelayOpener,
  type TurnClient,
  type TurnLimits,
} from './ports.ts';
import { Procedures } from './procedures.ts';
import type { Refusal } from './refusal.ts';
import { RelayPath } from './relay-path.ts';
import { knownAttributes } from './requests.ts';
import { SourceLimiter } from './source-limiter.ts';

/** So many times more answers per source go out on connections than by UDP. */
const STREAM_ANSWERS = 10;

export interface TurnServerOptions {
  readonly timers: Timers;
  readonly clock: Clock;
  readonly wall: WallClock;
  readonly random: Random;
  readonly digests: Digests;
  /** Who may use it. */
  readonly accounts: TurnAccounts;
  readonly realm: string;
  /** Addresses that clients are told for their relays, literals; peers see packets from them. */
  readonly relayAddresses: RelayAddresses;
  readonly relays: RelayOpener;
  /** The allow-list: which peers may be talked to. Asked for every packet too, so it should be cheap. */
  readonly isAllowedPeer: PeerRule;
  readonly emit: EventSink;
  readonly limits?: Partial<TurnLimits>;
}

/**
 * A STUN and TURN server (RFC 8489, RFC 8656) over UDP and streams, without sockets of its own. What is not
 * authenticated is answered at a bounded rate and changes nothing.
 */
export class TurnServer {
  readonly #options: TurnServerOptions;
  readonly #limits: TurnLimits;
  readonly #authenticator: Authenticator;
  readonly #table: AllocationTable;
  readonly #drops: Drops;
  readonly #relay: RelayPath;
  readonly #procedures: Procedures;
  readonly #known: ReadonlySet<number>;
  /** Answers to the unproven, and refusals of proven users. */
  readonly #answers: Readonly<Record<TurnClient['protocol'], SourceLimiter>>;
  readonly #refusals: SourceLimiter;
  #closed = false;

  constructor(options: TurnServerOptions) {
    const { clock, random, emit, timers, isAllowedPeer } = options;
    this.#options = options;
    this.#limits = { ...defaultTurnLimits, ...options.limits };
    this.#authenticator = new Authenticator({ ...options, nonces: new Nonces(options.digests, random) });
    this.#drops = new Drops(emit, timers);
    this.#known = knownAttributes(options.relays);
    this.#relay = new RelayPath({ random, isAllowedPeer, known: this.#known });
    this.#table = new AllocationTable({
      ...options,
      limits: this.#limits,
      onPeerDatagram: (allocation, bytes, address, port) => {
        const now = clock.now();
        const drop = this.#relay.fromPeer(allocation, bytes, address, port, now);
        if (drop !== undefined) this.#drops.count(drop, now);
      },
    });
    this.#procedures = new Procedures({
      ...options,
      limits: this.#limits,
      table: this.#table,
      known: this.#known,
      refuseLater: (message, client, session, refusal) =>
        this.#refuse(message, client, session, refusal, clock.now()),
    });
    const rate = { perSecond: this.#limits.answersPerSecond, burst: this.#limits.answerBurst };
    // The source of a connection is no forgery, so nobody is reflected upon; and what is not answered is not asked again.
    const streamRate = { perSecond: STREAM_ANSWERS * rate.perSecond, burst: STREAM_ANSWERS * rate.burst };
    this.#answers = {
      udp: new SourceLimiter(rate, clock.now()),
      tcp: new SourceLimiter(streamRate, clock.now()),
    };
    this.#refusals = new SourceLimiter(rate, clock.now());
  }

  /** One datagram, or one frame of a stream, from a client. Never throws on what it holds. */
  receive(bytes: Uint8Array, client: TurnClient): void {
    if (this.#closed) return;
    const now = this.#options.clock.now();
    const drop = this.#receive(bytes, client, now);
    if (drop !== undefined) this.#drops.count(drop, now);
  }

  /** The client's connection ended: what it holds goes (RFC 8656 section 7.3, for streams). */
  clientClosed(client: TurnClient): void {
    this.#table.release(client, 'disconnected');
  }

  /** The server keeps something for this client: further messages must come with the same object. */
  holds(client: TurnClient): boolean {
    return this.#table.has(client);
  }

  /** Counts something that a door threw away. */
  dropped(reason: TurnDrop): void {
    if (!this.#closed) this.#drops.count(reason, this.#options.clock.now());
  }

  /** How much is held now. Permissions and channels as of their last expiry alarm. */
  gauges(): TurnGauges {
    return this.#table.gauges();
  }

  /** Ends every allocation and closes its socket; whatever comes afterwards is passed over. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#table.releaseAll('closed');
    this.#drops.flush();
  }

  #receive(bytes: Uint8Array, client: TurnClient, now: Millis): TurnDrop | undefined {
    const first = bytes[0];
    if (first !== undefined && startsChannelData(first)) {
      const allocation = this.#table.of(client);
      return allocation === undefined ? 'no-allocation' : this.#relay.channelData(allocation, bytes, now);
    }
    const fault = stunFault(bytes);
    if (fault !== undefined) return fault === 'not-stun' ? fault : 'malformed';
    switch (classOf(bytes)) {
      case 'request':
        return this.#request(bytes, client, now);
      case 'indication':
        return this.#indication(bytes, client, now);
      case 'success':
      case 'error':
        return 'unexpected';
    }
  }

  #indication(bytes: Uint8Array, client: TurnClient, now: Millis): TurnDrop | undefined {
    const method = methodOf(bytes);
    // A Binding indication keeps a NAT open and wants nothing (RFC 8489 section 6.3.2).
    if (method === Method.binding) return undefined;
    if (method !== Method.send) return 'unexpected';
    const allocation = this.#table.of(client);
    return allocation === undefined ? 'no-allocation' : this.#relay.sendIndication(allocation, bytes, now);
  }

  #request(bytes: Uint8Array, client: TurnClient, now: Millis): TurnDrop | undefined {
    const parsed = StunMessage.parse(bytes);
    if (!parsed.ok) return 'malformed';
    const message = parsed.value;
    if (message.method === Method.binding) return this.#binding(message, client, now);
    const judged = this.#authenticator.judge(message, client, this.#table.of(client)?.session, now);
    if (!judged.ok) return this.#unproven(message, client, judged.error, now);
    const refusal = this.#procedures.run(message, client, judged.value, now);
    return refusal === undefined ? undefined : this.#refuse(message, client, judged.value, refusal, now);
  }

  /** Plain STUN: where the client's packets come from (RFC 8489 section 12). */
  #binding(message: StunMessage, client: TurnClient, now: Millis): TurnDrop | undefined {
    if (!this.#answers[client.protocol].take(client.remote.address, now)) return 'rate-limited';
    const unknown = message.unknownRequired(this.#known);
    const { address, port } = client.remote;
    const reply =
      unknown.length > 0
        ? StunBuilder.reply(message, 'error').errorCode(420).unknownAttributes(unknown)
        : StunBuilder.reply(message, 'success').xorAddress(Attribute.xorMappedAddress, address, port);
    if (message.has(Attribute.fingerprint)) reply.fingerprint();
    client.send(reply.finish());
    return undefined;
  }

  /** Answers what proved nothing: unsigned, no larger than it must be, at a bounded rate. */
  #unproven(
    message: StunMessage,
    client: TurnClient,
    failure: AuthFailure,
    now: Millis,
  ): TurnDrop | undefined {
    if (!this.#answers[client.protocol].take(client.remote.address, now)) return 'rate-limited';
    const reply = StunBuilder.reply(message, 'error').errorCode(failure.code);
    if (failure.code !== 400) this.#authenticator.challenge(reply, client, now);
    client.send(reply.finish());
    // Every first request is challenged, and every nonce goes stale: neither is worth an event.
    if (failure.reason !== 'challenge' && failure.reason !== 'stale-nonce') this.#report(client, failure);
    return undefined;
  }

  #refuse(
    message: StunMessage,
    client: TurnClient,
    session: TurnSession,
    refusal: Refusal,
    now: Millis,
  ): TurnDrop | undefined {
    if (!this.#refusals.take(client.remote.address, now)) return 'rate-limited';
    const reply = StunBuilder.reply(message, 'error').errorCode(refusal.code);
    if (refusal.code === 420) reply.unknownAttributes(message.unknownRequired(this.#known));
    // RFC 8489 section 9.2.4: every 401 carries a challenge.
    if (refusal.code === 401) this.#authenticator.challenge(reply, client, now);
    client.send(sealAnswer(reply, this.#options.digests, session));
    this.#report(client, refusal);
    return undefined;
  }

  #report(client: TurnClient, { code, reason }: Refusal | AuthFailure): void {
    this.#options.emit({ type: 'turn.refused', client: formatHostPort(client.remote), reason, code });
  }
}
