import type { Clock, Millis } from '../base/clock.ts';
import type { Digests } from '../base/digests.ts';
import type { HostPort } from '../base/net.ts';
import type { Random } from '../base/random.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import { StunBuilder } from '../stun/builder.ts';
import { errorCode, xorAddress } from '../stun/fields.ts';
import { StunMessage } from '../stun/message.ts';
import { Attribute, Method } from '../stun/registry.ts';
import { type Challenge, isSealed, readChallenge, signRequest } from './challenge.ts';

/** What came of an allocation. `rtt` is of the request that was answered, in ms. */
export type AllocationOutcome =
  | {
      readonly kind: 'allocated';
      readonly relayed: HostPort;
      readonly mapped: HostPort | undefined;
      readonly rtt: Millis;
    }
  | { readonly kind: 'refused'; readonly code: number; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: 'no-answer' | 'not-turn' | 'not-signed' | 'bid-down' };

/** What came of one request: its answer, or why there is none. */
type Reply =
  | { readonly kind: 'answered'; readonly message: StunMessage; readonly rtt: Millis }
  | Exclude<AllocationOutcome, { kind: 'allocated' }>;

/** RFC 8489 section 6.2.1: first after 500 ms, each time twice as long; seven requests. */
const FIRST_RETRY: Millis = 500;
const MAX_REQUESTS = 7;
/** A server may call a nonce stale; more than a few times is no server. */
const MAX_CHALLENGES = 3;
const UDP = 17;

export interface RelayClientOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly digests: Digests;
  readonly username: string;
  readonly password: string;
  /** `stream`: nothing is resent, for nothing is lost. */
  readonly transport: 'datagrams' | 'stream';
  /** How long each request may take, ms. */
  readonly within: Millis;
  /** To the server. */
  send(bytes: Uint8Array): void;
  /** What came of the allocation that is asked for at once. Called once. */
  allocated(outcome: AllocationOutcome): void;
  /** A peer sent this through the relay. */
  onData?(bytes: Uint8Array, from: HostPort): void;
}

interface Exchange {
  readonly method: number;
  readonly build: (builder: StunBuilder) => StunBuilder;
  readonly done: (reply: Reply) => void;
  request: Uint8Array;
  requests: number;
  challenges: number;
  sentAt: Millis;
}

/** A client of a TURN server (RFC 8656 section 3), for tests of the way: one allocation, permissions, Send and Data. Refreshes nothing. */
export class RelayClient {
  readonly #options: RelayClientOptions;
  #exchange: Exchange | undefined;
  #challenge: Challenge | undefined;
  #retry: Alarm | undefined;
  #deadline: Alarm | undefined;
  #over = false;

  /** Asks for an allocation. */
  constructor(options: RelayClientOptions) {
    this.#options = options;
    const transport = Uint8Array.of(UDP, 0, 0, 0);
    this.#ask(
      Method.allocate,
      (builder) => builder.attribute(Attribute.requestedTransport, transport),
      (reply) => options.allocated(this.#allocation(reply)),
    );
  }

  /** Lets a peer's address send to us, and us to it; one at a time. Servers that allow single ports look at its port too. */
  permit({ address, port }: HostPort, done: (permitted: boolean) => void): void {
    this.#ask(
      Method.createPermission,
      (builder) => builder.xorAddress(Attribute.xorPeerAddress, address, port),
      (reply) => done(reply.kind === 'answered'),
    );
  }

  /** Sends to a permitted peer. */
  send(bytes: Uint8Array, peer: HostPort): void {
    const indication = new StunBuilder(Method.send, 'indication', this.#options.random.bytes(12))
      .xorAddress(Attribute.xorPeerAddress, peer.address, peer.port)
      .attribute(Attribute.data, bytes);
    this.#options.send(indication.finish());
  }

  /** A datagram or a frame from the server; never throws. */
  receive(bytes: Uint8Array): void {
    if (this.#over) return;
    const parsed = StunMessage.parse(bytes);
    // Anything else may be somebody else's: it is waited on.
    if (!parsed.ok) return;
    const message = parsed.value;
    if (message.kind === 'indication' && message.method === Method.data) {
      const data = message.attribute(Attribute.data);
      const from = xorAddress(message, Attribute.xorPeerAddress);
      if (data !== undefined && from !== undefined) this.#options.onData?.(data, from);
      return;
    }
    const exchange = this.#exchange;
    if (exchange === undefined || !isAnswerTo(message, exchange)) return;
    if (message.kind === 'success') this.#answered(message, exchange);
    else this.#refused(message, exchange);
  }

  /** Gives the allocation back by a Refresh to 0 (RFC 8656 section 8), sent once: what is lost expires. Ends with that. */
  release(): void {
    if (this.#challenge !== undefined && !this.#over) {
      const refresh = new StunBuilder(Method.refresh, 'request', this.#options.random.bytes(12));
      this.#options.send(this.#sign(refresh.u32(Attribute.lifetime, 0)).finish());
    }
    this.stop();
  }

  /** Asks no more, and tells nothing. */
  stop(): void {
    this.#over = true;
    this.#exchange = undefined;
    this.#options.timers.cancel(this.#retry);
    this.#options.timers.cancel(this.#deadline);
  }

  #allocation(reply: Reply): AllocationOutcome {
    if (reply.kind !== 'answered') return reply;
    const relayed = xorAddress(reply.message, Attribute.xorRelayedAddress);
    if (relayed === undefined) return { kind: 'failed', reason: 'not-turn' };
    const mapped = xorAddress(reply.message, Attribute.xorMappedAddress);
    return { kind: 'allocated', relayed, mapped, rtt: reply.rtt };
  }

  #answered(message: StunMessage, exchange: Exchange): void {
    const { digests, clock } = this.#options;
    if (this.#challenge !== undefined && !isSealed(message, digests, this.#challenge)) {
      this.#end({ kind: 'failed', reason: 'not-signed' });
      return;
    }
    this.#end({ kind: 'answered', message, rtt: clock.now() - exchange.sentAt });
  }

  #refused(message: StunMessage, exchange: Exchange): void {
    const error = errorCode(message);
    const isChallenge = error?.code === 401 || error?.code === 438;
    const challenge = isChallenge ? readChallenge(message, this.#options.digests, this.#options) : undefined;
    // A second 401 means that the credentials are wrong (RFC 8489 section 9.2.5).
    const again = error?.code === 438 || this.#challenge === undefined;
    if (challenge === undefined || !again) {
      this.#end(
        error === undefined
          ? { kind: 'failed', reason: 'not-turn' }
          : { kind: 'refused', code: error.code, reason: error.reason },
      );
      return;
    }
    if (++exchange.challenges > MAX_CHALLENGES) {
      this.#end({ kind: 'refused', code: error?.code ?? 0, reason: 'challenged again and again' });
      return;
    }
    if (challenge === 'bid-down') {
      this.#end({ kind: 'failed', reason: 'bid-down' });
      return;
    }
    this.#challenge = challenge;
    this.#begin(exchange);
  }

  #ask(method: number, build: Exchange['build'], done: Exchange['done']): void {
    const { clock, timers, within } = this.#options;
    timers.cancel(this.#deadline);
    this.#deadline = timers.schedule(clock.now() + within, () =>
      this.#end({ kind: 'failed', reason: 'no-answer' }),
    );
    const request = new Uint8Array();
    this.#exchange = { method, build, done, request, requests: 0, challenges: 0, sentAt: 0 };
    this.#begin(this.#exchange);
  }

  #begin(exchange: Exchange): void {
    const request = new StunBuilder(exchange.method, 'request', this.#options.random.bytes(12));
    exchange.request = this.#sign(exchange.build(request)).finish();
    exchange.requests = 0;
    this.#sendRequest(exchange, FIRST_RETRY);
  }

  #sendRequest(exchange: Exchange, wait: Millis): void {
    const { clock, timers, transport, send } = this.#options;
    timers.cancel(this.#retry);
    exchange.sentAt = clock.now();
    exchange.requests++;
    send(exchange.request);
    if (transport === 'stream' || exchange.requests >= MAX_REQUESTS) return;
    this.#retry = timers.schedule(exchange.sentAt + wait, () => this.#sendRequest(exchange, 2 * wait));
  }

  #sign(builder: StunBuilder): StunBuilder {
    const challenge = this.#challenge;
    return challenge === undefined ? builder : signRequest(builder, this.#options.digests, challenge);
  }

  #end(reply: Reply): void {
    const { timers } = this.#options;
    timers.cancel(this.#retry);
    timers.cancel(this.#deadline);
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.done(reply);
  }
}

function isAnswerTo(message: StunMessage, { method, request }: Exchange): boolean {
  if (message.kind !== 'success' && message.kind !== 'error') return false;
  return message.method === method && message.transactionId.every((byte, i) => byte === request[8 + i]);
}
