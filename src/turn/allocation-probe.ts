import type { Clock, Millis } from '../base/clock.ts';
import type { Digests } from '../base/digests.ts';
import type { HostPort } from '../base/net.ts';
import type { Random } from '../base/random.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import { StunBuilder } from '../stun/builder.ts';
import { errorCode, nonce, realm, xorAddress } from '../stun/fields.ts';
import { checkIntegrity, longTermKey } from '../stun/integrity.ts';
import { StunMessage } from '../stun/message.ts';
import { Attribute, Method } from '../stun/registry.ts';

/** What came of a probe. `rtt` is of the request that was answered, in ms. */
export type ProbeOutcome =
  | {
      readonly kind: 'allocated';
      readonly relayed: HostPort;
      readonly mapped: HostPort | undefined;
      readonly rtt: Millis;
    }
  | { readonly kind: 'refused'; readonly code: number; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: 'no-answer' | 'not-turn' | 'not-signed' };

/** RFC 8489 section 6.2.1: first after 500 ms, each time twice as long; seven requests. */
const FIRST_RETRY: Millis = 500;
const MAX_REQUESTS = 7;
/** A server may call a nonce stale; more than a few times is no server. */
const MAX_CHALLENGES = 3;
const UDP = 17;

export interface AllocationProbeOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly digests: Digests;
  readonly username: string;
  readonly password: string;
  /** `stream`: nothing is resent, for nothing is lost. */
  readonly transport: 'datagrams' | 'stream';
  /** How long all of it may take, ms. */
  readonly within: Millis;
  send(bytes: Uint8Array): void;
  /** Called once. */
  done(outcome: ProbeOutcome): void;
}

/**
 * Asks a TURN server for an allocation as a browser does (RFC 8656 section 7.1), and gives it back at once: the only
 * question whose answer tells that a relay works.
 */
export class AllocationProbe {
  readonly #options: AllocationProbeOptions;
  #request: Uint8Array = new Uint8Array();
  #sentAt: Millis = 0;
  #requests = 0;
  #challenges = 0;
  #key: Uint8Array | undefined;
  #retry: Alarm | undefined;
  #deadline: Alarm | undefined;
  #over = false;

  /** Sends the first request. */
  constructor(options: AllocationProbeOptions) {
    this.#options = options;
    const now = options.clock.now();
    this.#deadline = options.timers.schedule(now + options.within, () =>
      this.#end({ kind: 'failed', reason: 'no-answer' }),
    );
    this.#ask(this.#allocate().finish());
  }

  /** A datagram or a frame from the server; never throws. */
  receive(bytes: Uint8Array): void {
    if (this.#over) return;
    const parsed = StunMessage.parse(bytes);
    // Anything else may be somebody else's: it is waited on.
    if (!parsed.ok || !isAnswerTo(parsed.value, this.#request)) return;
    const message = parsed.value;
    if (message.kind === 'success') this.#allocated(message);
    else this.#refused(message);
  }

  /** Asks no more, and tells nothing. */
  stop(): void {
    this.#over = true;
    this.#options.timers.cancel(this.#retry);
    this.#options.timers.cancel(this.#deadline);
  }

  #allocated(message: StunMessage): void {
    const { digests, clock } = this.#options;
    if (this.#key !== undefined && checkIntegrity(message, digests, this.#key) !== 'good') {
      this.#end({ kind: 'failed', reason: 'not-signed' });
      return;
    }
    const relayed = xorAddress(message, Attribute.xorRelayedAddress);
    if (relayed === undefined) {
      this.#end({ kind: 'failed', reason: 'not-turn' });
      return;
    }
    const rtt = clock.now() - this.#sentAt;
    this.#giveBack();
    this.#end({ kind: 'allocated', relayed, mapped: xorAddress(message, Attribute.xorMappedAddress), rtt });
  }

  #refused(message: StunMessage): void {
    const error = errorCode(message);
    const isChallenge = error?.code === 401 || error?.code === 438;
    const realmText = realm(message);
    const nonceText = nonce(message);
    // A second 401 means that the credentials are wrong (RFC 8489 section 9.2.5).
    const again = error?.code === 438 || this.#key === undefined;
    if (!isChallenge || !again || realmText === undefined || nonceText === undefined) {
      this.#end(
        error === undefined
          ? { kind: 'failed', reason: 'not-turn' }
          : { kind: 'refused', code: error.code, reason: error.reason },
      );
      return;
    }
    if (++this.#challenges > MAX_CHALLENGES) {
      this.#end({ kind: 'refused', code: error?.code ?? 0, reason: 'challenged again and again' });
      return;
    }
    const { digests, username, password } = this.#options;
    this.#key = longTermKey(digests, username, realmText, password);
    this.#challenge = { realmText, nonceText };
    this.#ask(this.#sign(this.#allocate(), this.#key));
  }

  #challenge = { realmText: '', nonceText: '' };

  #sign(builder: StunBuilder, key: Uint8Array): Uint8Array {
    const { digests, username } = this.#options;
    const { realmText, nonceText } = this.#challenge;
    return builder
      .text(Attribute.username, username)
      .text(Attribute.realm, realmText)
      .text(Attribute.nonce, nonceText)
      .messageIntegrity(digests, key)
      .finish();
  }

  /** A Refresh to 0 (RFC 8656 section 8): sent once, what is lost expires. */
  #giveBack(): void {
    if (this.#key === undefined) return;
    const refresh = new StunBuilder(Method.refresh, 'request', this.#options.random.bytes(12));
    this.#options.send(this.#sign(refresh.u32(Attribute.lifetime, 0), this.#key));
  }

  #allocate(): StunBuilder {
    return new StunBuilder(Method.allocate, 'request', this.#options.random.bytes(12)).attribute(
      Attribute.requestedTransport,
      Uint8Array.of(UDP, 0, 0, 0),
    );
  }

  #ask(request: Uint8Array): void {
    this.#request = request;
    this.#requests = 0;
    this.#sendRequest(FIRST_RETRY);
  }

  #sendRequest(wait: Millis): void {
    const { clock, timers, transport, send } = this.#options;
    timers.cancel(this.#retry);
    this.#sentAt = clock.now();
    this.#requests++;
    send(this.#request);
    if (transport === 'stream' || this.#requests >= MAX_REQUESTS) return;
    this.#retry = timers.schedule(this.#sentAt + wait, () => this.#sendRequest(2 * wait));
  }

  #end(outcome: ProbeOutcome): void {
    if (this.#over) return;
    this.stop();
    this.#options.done(outcome);
  }
}

function isAnswerTo(message: StunMessage, request: Uint8Array): boolean {
  if (message.kind !== 'success' && message.kind !== 'error') return false;
  if (message.method !== Method.allocate) return false;
  return message.transactionId.every((byte, i) => byte === request[8 + i]);
}
