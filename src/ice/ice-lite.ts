import type { Millis } from '../base/clock.ts';
import type { Digests } from '../base/digests.ts';
import { StunBuilder } from '../stun/builder.ts';
import { checkFingerprint, checkIntegrity, shortTermKey } from '../stun/integrity.ts';
import { StunMessage } from '../stun/message.ts';
import { Attribute, Method } from '../stun/registry.ts';
import type { IceCredentials } from './credentials.ts';
import { type Remote, Remotes } from './remotes.ts';
import { splitUsername } from './routing.ts';
import type { StreamPath } from './stream-path.ts';

/** RFC 7675 section 5.1: consent lapses after 30 s. */
export const CONSENT_MS: Millis = 30_000;
/** Addresses that one peer may have validated at a time. */
const MAX_REMOTES = 16;

/** Why a check was not honoured; the label of the `dropped` event. */
export type CheckRefusal =
  | 'malformed'
  | 'not-a-request'
  | 'fingerprint'
  | 'no-username'
  | 'wrong-ufrag'
  | 'wrong-remote-ufrag'
  | 'no-integrity'
  | 'wrong-integrity'
  | 'unknown-attribute'
  | 'role-conflict';

/**
 * What came of a datagram. `refused` without a response is to be dropped in silence: nothing that is not
 * authenticated is ever answered, so nobody can be reflected upon, and nothing of it is remembered.
 */
export type CheckOutcome =
  | {
      readonly kind: 'accepted';
      readonly response: Uint8Array;
      /** The source is new in the validated set: a mux routes its packets here from now on. */
      readonly added: boolean;
      /** The address that left the set for it. */
      readonly evicted: Remote | undefined;
      /** {@link IceLite.selected} is another one than before. */
      readonly pathChanged: boolean;
      /** This check made new local credentials current: the ufrag that no longer routes here. */
      readonly retiredUfrag: string | undefined;
    }
  | { readonly kind: 'refused'; readonly reason: CheckRefusal; readonly response: Uint8Array | undefined };

/** Attributes that a check may carry; others that must be understood are answered with 420. */
const KNOWN: ReadonlySet<number> = new Set([
  Attribute.username,
  Attribute.messageIntegrity,
  Attribute.messageIntegritySha256,
  Attribute.priority,
  Attribute.useCandidate,
  Attribute.realm,
  Attribute.nonce,
]);

interface LocalGeneration {
  readonly ufrag: string;
  readonly key: Uint8Array;
}

/**
 * The lite side of ICE for one transport (RFC 8445 section 2.5): always controlled, sends no checks of its own, and
 * answers those of the peer. Pure; time is an argument. Media goes to {@link selected} and is taken only from where
 * {@link validated} says yes.
 */
export class IceLite {
  readonly #digests: Digests;
  readonly #remotes = new Remotes(MAX_REMOTES);
  #current: LocalGeneration;
  #previous: LocalGeneration | undefined;
  /** The peer's last two ufrags, newest first: around a restart both may be on the way. */
  #remoteUfrags: string[] = [];
  #selected: Remote | undefined;
  #nominated = false;
  #lastConsent: Millis;

  /** `now` starts the 30 s in which the first check must come. */
  constructor(options: { local: IceCredentials; digests: Digests; now: Millis }) {
    this.#digests = options.digests;
    this.#current = { ufrag: options.local.ufrag, key: shortTermKey(options.local.pwd) };
    this.#lastConsent = options.now;
  }

  /** The peer's ufrag, when its description is known; until then any is taken (RFC 8445 section 7.3). */
  setRemote(ufrag: string): void {
    if (this.#remoteUfrags[0] === ufrag) return;
    this.#remoteUfrags = [ufrag, ...this.#remoteUfrags.slice(0, 1)];
  }

  /**
   * ICE restart (RFC 8445 section 9): new local credentials. The old ones and the selected path stay good until the
   * first check with the new ones. Returns the ufrag that was dropped at once, if a restart was still under way.
   */
  restart(local: IceCredentials): string | undefined {
    if (local.ufrag === this.#current.ufrag) return undefined;
    const dropped = this.#previous?.ufrag;
    this.#previous = this.#current;
    this.#current = { ufrag: local.ufrag, key: shortTermKey(local.pwd) };
    return dropped;
  }

  /** Local ufrags that route here now: one, or two during a restart. */
  get ufrags(): readonly string[] {
    return this.#previous === undefined ? [this.#current.ufrag] : [this.#current.ufrag, this.#previous.ufrag];
  }

  /**
   * Where media goes: the remote address of the pair nominated last, or before any nomination the one that was
   * validated first, so that DTLS can start (a lite peer may send on a valid pair, RFC 8445 section 12.1).
   */
  get selected(): Remote | undefined {
    return this.#selected;
  }

  /** The peer has nominated a pair. */
  get nominated(): boolean {
    return this.#nominated;
  }

  /** When the last authenticated check came over the selected path; before any, when the agent was made. */
  get lastConsent(): Millis {
    return this.#selected?.checkedAt ?? this.#lastConsent;
  }

  /** No authenticated check came over the selected path for 30 s: nothing more may be sent (RFC 7675 section 5.1). */
  expired(now: Millis): boolean {
    return now - this.lastConsent >= CONSENT_MS;
  }

  /** The address is one that authenticated checks came from. */
  validated(address: string, port: number): boolean {
    return this.#remotes.find(address, port) !== undefined;
  }

  /** All validated addresses, at most 16. */
  get remotes(): readonly Remote[] {
    return this.#remotes.list();
  }

  /** The validated address that was checked last beside the selected one, if its consent has not lapsed. */
  spare(now: Millis): Remote | undefined {
    const spare = this.#remotes.latest(this.#selected);
    return spare !== undefined && now - spare.checkedAt < CONSENT_MS ? spare : undefined;
  }

  /**
   * The peer sends media from a validated address although another is selected, which is silent: it has gone over, and its
   * nomination is late. True when {@link selected} is another one than before.
   */
  follow(address: string, port: number, stream?: StreamPath): boolean {
    const remote = this.#remotes.find(address, port, stream);
    if (remote === undefined || remote === this.#selected) return false;
    this.#selected = remote;
    return true;
  }

  /**
   * A connection has ended. What was on it goes on over the address that was checked last, until the peer nominates.
   * True when {@link selected} is another one than before.
   */
  streamClosed(stream: StreamPath): boolean {
    const gone = this.#remotes.removeStream(stream);
    if (gone === undefined || gone !== this.#selected) return false;
    this.#lastConsent = gone.checkedAt;
    this.#selected = this.#remotes.latest();
    this.#nominated = false;
    return true;
  }

  /** Judges one packet that came from `address`:`port`, by UDP or on `stream`; never throws. */
  check(bytes: Uint8Array, address: string, port: number, now: Millis, stream?: StreamPath): CheckOutcome {
    const parsed = StunMessage.parse(bytes);
    if (!parsed.ok) return refuse('malformed');
    const message = parsed.value;
    if (message.kind !== 'request' || message.method !== Method.binding) return refuse('not-a-request');
    // RFC 8445 section 7.1.3: FINGERPRINT is required in checks, yet a missing one endangers nobody.
    if (checkFingerprint(message) === 'bad') return refuse('fingerprint');
    const names = splitUsername(message.attribute(Attribute.username));
    if (names === undefined) return refuse('no-username');
    const generation = this.#generation(names.local);
    if (generation === undefined) return refuse('wrong-ufrag');
    if (this.#remoteUfrags.length > 0 && !this.#remoteUfrags.includes(names.remote))
      return refuse('wrong-remote-ufrag');
    const seal = checkIntegrity(message, this.#digests, generation.key);
    if (seal !== 'good') return refuse(seal === 'absent' ? 'no-integrity' : 'wrong-integrity');

    // From here on the sender has proved that it knows our password.
    const unknown = message.unknownRequired(KNOWN);
    if (unknown.length > 0) {
      const reply = StunBuilder.reply(message, 'error').errorCode(420).unknownAttributes(unknown);
      return { kind: 'refused', reason: 'unknown-attribute', response: this.#seal(reply, generation) };
    }
    // RFC 8445 section 7.3.1.1: a lite agent cannot switch, so the peer is told to.
    if (message.has(Attribute.iceControlled)) {
      const reply = StunBuilder.reply(message, 'error').errorCode(487);
      return { kind: 'refused', reason: 'role-conflict', response: this.#seal(reply, generation) };
    }
    return this.#accept(message, generation, { address, port, stream }, now);
  }

  #accept(
    message: StunMessage,
    generation: LocalGeneration,
    { address, port, stream }: Omit<Remote, 'checkedAt'>,
    now: Millis,
  ): CheckOutcome {
    const before = this.#selected;
    let remote = this.#remotes.find(address, port, stream);
    let evicted: Remote | undefined;
    const added = remote === undefined;
    if (remote === undefined) {
      const change = this.#remotes.add(address, port, now, before, stream);
      remote = change.added;
      evicted = change.evicted;
    }
    remote.checkedAt = now;
    let retiredUfrag: string | undefined;
    if (generation === this.#current && this.#previous !== undefined) {
      retiredUfrag = this.#previous.ufrag;
      this.#previous = undefined;
    }
    // RFC 8445 section 8.1.1: the controlling side nominates; its last word holds, so a path can change without restart.
    if (message.has(Attribute.useCandidate)) {
      this.#selected = remote;
      this.#nominated = true;
    } else if (!this.#nominated) {
      this.#selected ??= remote;
    }
    const reply = StunBuilder.reply(message, 'success').xorAddress(Attribute.xorMappedAddress, address, port);
    return {
      kind: 'accepted',
      response: this.#seal(reply, generation),
      added,
      evicted,
      pathChanged: this.#selected !== before,
      retiredUfrag,
    };
  }

  #generation(ufrag: string): LocalGeneration | undefined {
    if (ufrag === this.#current.ufrag) return this.#current;
    return ufrag === this.#previous?.ufrag ? this.#previous : undefined;
  }

  #seal(reply: StunBuilder, generation: LocalGeneration): Uint8Array {
    return reply.messageIntegrity(this.#digests, generation.key).fingerprint().finish();
  }
}

function refuse(reason: CheckRefusal): CheckOutcome {
  return { kind: 'refused', reason, response: undefined };
}
