import type { Clock, Millis } from '../base/clock.ts';
import type { Digests } from '../base/digests.ts';
import { randomText } from '../base/ids.ts';
import type { HostPort } from '../base/net.ts';
import type { Random } from '../base/random.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { EventSink } from '../events/index.ts';
import { Challenges } from '../sip/challenges.ts';
import { DigestClient, NO_BODY } from '../sip/digest/client.ts';
import { parseAddress } from '../sip/name-addr.ts';
import type { ExtraHeaders, LoneOutcome, NextHop, SipEngine } from '../sip/ports.ts';
import type { OutboundTrunk, RegistrationSettings, Target } from './outbound.ts';
import {
  idleRegistration,
  type RegistrationInput,
  type RegistrationState,
  stepRegistration,
} from './registration.ts';
import { orderTargets } from './targets.ts';

export interface RegistrationsOptions {
  readonly trunks: readonly OutboundTrunk[];
  /** Users of our Contacts, by trunk: what calls for a registration are known by. Kept here. */
  readonly tokens: Map<string, string>;
  readonly engine: Pick<SipEngine, 'request'>;
  readonly locate: (target: Target, found: (hops: readonly NextHop[]) => void) => void;
  readonly isUp: (trunk: OutboundTrunk, target: Target) => boolean;
  readonly digests: Digests;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly emit: EventSink;
}

/** Keeps every trunk registered that asks for it. */
export class Registrations {
  readonly #options: RegistrationsOptions;
  readonly #all = new Map<OutboundTrunk, Registration>();
  /** Bindings that are being taken back, of trunks that are gone. */
  readonly #leaving = new Set<Registration>();
  #state: 'idle' | 'running' | 'stopped' = 'idle';

  constructor(options: RegistrationsOptions) {
    this.#options = options;
    this.replace(options.trunks);
  }

  /** Trunks whose binding stands. */
  get registered(): number {
    return this.#count(({ isRegistered }) => isRegistered);
  }

  /** Where a trunk's binding is; undefined: it has none. */
  readonly homeOf = (trunk: OutboundTrunk): NextHop | undefined => this.#all.get(trunk)?.home;

  /** REGISTERs that wait for their answer. */
  get pending(): number {
    for (const each of this.#leaving) if (!each.isPending) this.#leaving.delete(each);
    return this.#count(({ isPending }) => isPending) + this.#leaving.size;
  }

  start(): void {
    this.#state = 'running';
    for (const each of this.#all.values()) each.input({ type: 'start' });
  }

  /** Takes every binding back (RFC 3261 section 10.2.2); the answers are not waited for here. */
  stop(): void {
    this.#state = 'stopped';
    for (const each of this.#all.values()) each.input({ type: 'stop' });
  }

  /** From here on these trunks are registered: bindings of others are taken back, those of the same are left alone. */
  replace(trunks: readonly OutboundTrunk[]): void {
    const { tokens } = this.#options;
    const wanted = new Set(trunks.filter(({ register, enabled }) => register && enabled !== false));
    for (const [trunk, registration] of this.#all) {
      if (wanted.has(trunk)) continue;
      this.#all.delete(trunk);
      tokens.delete(trunk.id);
      registration.input({ type: 'stop' });
      for (const each of this.#leaving) if (!each.isPending) this.#leaving.delete(each);
      this.#leaving.add(registration);
    }
    for (const trunk of wanted) {
      if (trunk.register === undefined || this.#all.has(trunk) || this.#state === 'stopped') continue;
      const token = contactUser(trunk, this.#options.random);
      tokens.set(trunk.id, token);
      const registration = new Registration(this.#options, trunk, trunk.register, token);
      this.#all.set(trunk, registration);
      if (this.#state === 'running') registration.input({ type: 'start' });
    }
  }

  #count(is: (registration: Registration) => boolean): number {
    let count = 0;
    for (const each of this.#all.values()) if (is(each)) count++;
    return count;
  }
}

/** The user of a trunk's Contact: 95 bits that nobody guesses, so that who calls it has our binding; or the user that the trunk has set. */
function contactUser({ terms }: OutboundTrunk, random: Random): string {
  return terms?.contactUser ?? randomText(random, 16);
}

/** Hops that one attempt goes through. */
const MAX_HOPS = 8;

class Registration {
  readonly #options: RegistrationsOptions;
  readonly trunk: OutboundTrunk;
  readonly #settings: RegistrationSettings;
  readonly #token: string;
  readonly #callId: string;
  readonly #digest: DigestClient | undefined;
  #state: RegistrationState = idleRegistration;
  #alarm: Alarm | undefined;
  #cseq = 0;
  #isPending = false;
  /** Where the last answer came from: the binding is there, and refreshes go there first. */
  home: NextHop | undefined;

  constructor(
    options: RegistrationsOptions,
    trunk: OutboundTrunk,
    settings: RegistrationSettings,
    token: string,
  ) {
    const { digests, random, emit } = options;
    this.#options = options;
    this.trunk = trunk;
    this.#settings = settings;
    this.#token = token;
    // Section 10.2.4: all registrations of one client have the same Call-ID, and rising numbers.
    this.#callId = randomText(random, 24);
    const { account } = trunk;
    const onWithheld = (reason: string, realm: string) =>
      emit({ type: 'trunk.withheld', trunk: trunk.id, reason, realm });
    if (account !== undefined) this.#digest = new DigestClient({ account, digests, random, onWithheld });
  }

  get isRegistered(): boolean {
    const state = this.#state;
    return state.phase !== 'idle' && state.phase !== 'stopped' && state.until > this.#options.clock.now();
  }

  get isPending(): boolean {
    return this.#isPending;
  }

  input(input: RegistrationInput): void {
    const { clock, timers } = this.#options;
    const before = this.#state;
    const { state, actions } = stepRegistration(this.#settings, before, input, clock.now());
    this.#state = state;
    if (state.phase === 'stopped') timers.cancel(this.#alarm);
    for (const action of actions) {
      if (action.do === 'wake') {
        timers.cancel(this.#alarm);
        this.#alarm = timers.schedule(clock.now() + action.inMs, () => this.input({ type: 'due' }));
      } else this.#register(action.do === 'unregister' ? 0 : action.expiresMs);
    }
  }

  /** One hop after the other, the one that answered last first, until one answers. */
  #register(expiresMs: Millis): void {
    this.#isPending = true;
    const { random, isUp, locate } = this.#options;
    const targets = [...orderTargets(this.trunk.targets, (target) => isUp(this.trunk, target), random)];
    const hops: NextHop[] = this.home === undefined ? [] : [this.home];
    let tried = 0;
    const next = (last: LoneOutcome | undefined): void => {
      const hop = tried++ < MAX_HOPS ? hops.shift() : undefined;
      if (hop !== undefined) this.#begin(hop, expiresMs, next);
      else {
        const target = tried <= MAX_HOPS ? targets.shift() : undefined;
        if (target === undefined) this.#answered(undefined, last, expiresMs);
        else
          locate(target, (found) => {
            tried--;
            hops.push(...found);
            next(last);
          });
      }
    };
    next(undefined);
  }

  /** With the nonce that is known, so that a refresh needs one round trip; a stale one costs a second. */
  #begin(hop: NextHop, expiresMs: Millis, failover: (last: LoneOutcome) => void): void {
    const authenticator = this.#digest;
    const isFor = (remote: HostPort) => remote.address === hop.remote.address;
    const challenges = new Challenges(authenticator === undefined ? undefined : { authenticator, isFor });
    const request = { ...{ method: 'REGISTER', uri: this.#uri, body: NO_BODY }, remote: hop.remote };
    const ask = (credentials: ExtraHeaders): void => {
      this.#ask(hop, expiresMs, credentials, (outcome) => {
        const { status } = outcome;
        // Its last word has gone out: no second try may bind anew behind it.
        if (expiresMs > 0 && this.#state.phase === 'stopped') return;
        const again = challenges.answer(status, { lines: (name) => outcome.headers(name) }, request);
        if (again !== undefined) ask(again);
        else if (status === 0 || status === 408 || status >= 500) failover(outcome);
        else this.#answered(hop, outcome, expiresMs);
      });
    };
    ask(challenges.ahead(request));
  }

  #ask(
    hop: NextHop,
    expiresMs: Millis,
    credentials: ExtraHeaders,
    onFinal: (outcome: LoneOutcome) => void,
  ): void {
    const { domain, user } = this.#settings;
    const uri = this.#uri;
    const aor = `<sip:${user}@${domain}>`;
    const seconds = Math.ceil(expiresMs / 1000);
    this.#options.engine.request(
      {
        ...{ method: 'REGISTER', uri, from: aor, to: aor, callId: this.#callId, cseq: ++this.#cseq },
        ...{ next: hop, contactUser: this.#token, contactParams: `;expires=${seconds}` },
        headers: [['Expires', `${seconds}`], ...credentials],
      },
      onFinal,
    );
  }

  get #uri(): string {
    return `sip:${this.#settings.domain}`;
  }

  #answered(hop: NextHop | undefined, outcome: LoneOutcome | undefined, askedMs: Millis): void {
    const { emit } = this.#options;
    const status = outcome?.status ?? 0;
    this.#isPending = false;
    if (askedMs === 0 || this.#state.phase === 'stopped') return;
    const isGood = status >= 200 && status < 300;
    this.home = isGood ? hop : undefined;
    if (isGood && outcome !== undefined) {
      this.input({ type: 'accepted', expiresMs: expiresOf(outcome) });
    } else {
      // A refused password may be right tomorrow: the next attempt begins without it.
      this.#digest?.forget();
      const minMs = status === 423 ? secondsOf(outcome?.headers('Min-Expires')[0]) : undefined;
      if (minMs !== undefined) this.input({ type: 'too-brief', minMs });
      else this.input({ type: 'failed', retryMs: secondsOf(outcome?.headers('Retry-After')[0]) });
    }
    const state = this.#state as RegistrationState;
    const { id } = this.trunk;
    const now = this.#options.clock.now();
    if (state.phase === 'registered')
      emit({ type: 'trunk.registered', trunk: id, expiresMs: Math.round(state.until - now) });
    else if (state.phase === 'waiting') {
      const reason = status === 0 ? (outcome?.why ?? 'not-found') : isGood ? 'not-bound' : 'rejected';
      const retryMs = Math.round((this.#alarm?.at ?? now) - now);
      emit({ type: 'trunk.unregistered', trunk: id, reason, status, retryMs });
    }
  }
}

/**
 * How long our own binding stands by a 2xx (section 10.2.4): its Contact's `expires`, else Expires. Other bindings of the
 * same address are others' business. 0 when the answer lists Contacts and ours is not among them.
 */
function expiresOf(outcome: LoneOutcome): Millis | undefined {
  const own = parseAddress(`<${outcome.contact}>`)?.uri;
  const listed = outcome.headers('Contact').slice(0, 64);
  const header = secondsOf(outcome.headers('Expires')[0]);
  for (const value of listed) {
    const address = parseAddress(value);
    if (address?.uri === undefined || address.uri.user !== own?.user) continue;
    return secondsOf(address.params.get('expires')) ?? header;
  }
  return listed.length > 0 ? 0 : header;
}

/** Whole seconds, as ms; a comment or parameter behind them is passed over. */
function secondsOf(text: string | undefined): Millis | undefined {
  const digits = /^\s*(\d{1,9})\s*(?:[;(].*)?$/.exec(text ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits) * 1000;
}
