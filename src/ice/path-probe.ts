import type { Clock, Millis } from '../base/clock.ts';
import type { Digests } from '../base/digests.ts';
import { randomText } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import { StunBuilder } from '../stun/builder.ts';
import { checkIntegrity, shortTermKey } from '../stun/integrity.ts';
import { StunMessage } from '../stun/message.ts';
import { Attribute, Method } from '../stun/registry.ts';
import type { IceCredentials } from './credentials.ts';

/** Until the first answer: how often it is asked, ms. */
const KNOCK_EVERY: Millis = 200;
/** What a peer-reflexive candidate's priority would be (RFC 8445 section 5.1.2.1); a lite agent has no use for it. */
const PRIORITY = 110 * 2 ** 24 + 65_535 * 256 + 255;

/** Numbered checks that were sent, and the round trips of those that were answered, ms. */
export interface PathSurvey {
  readonly sent: number;
  readonly roundTrips: readonly Millis[];
}

export interface PathProbeOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly digests: Digests;
  /** Of the agent that answers. */
  readonly remote: IceCredentials;
  /** How long the first answer may take, ms. */
  readonly within: Millis;
  /** Checks that are counted, one each `every` ms, and how long the last ones are waited for. */
  readonly checks: number;
  readonly every: Millis;
  readonly patience: Millis;
  send(bytes: Uint8Array): void;
  /** Called once. Undefined: nothing was ever answered. */
  done(survey: PathSurvey | undefined): void;
}

/**
 * Surveys the way to an ICE-lite agent by its own checks (RFC 8445 section 7.2), none of which is sent twice: first until one
 * is answered, for the agent or a relay may not be there yet, and then a counted number, which tell loss and round trip.
 */
export class PathProbe {
  readonly #options: PathProbeOptions;
  readonly #key: Uint8Array;
  readonly #username: string;
  readonly #tieBreaker: Uint8Array;
  /** When each unanswered check was sent, by its transaction. */
  readonly #open = new Map<string, Millis>();
  readonly #roundTrips: Millis[] = [];
  #phase: 'knocking' | 'counting' | 'over' = 'knocking';
  #sent = 0;
  #deadline: Alarm | undefined;
  #next: Alarm | undefined;

  /** Sends the first check. */
  constructor(options: PathProbeOptions) {
    this.#options = options;
    const { clock, random, remote, timers, within } = options;
    this.#key = shortTermKey(remote.pwd);
    this.#username = `${remote.ufrag}:${randomText(random, 8)}`;
    this.#tieBreaker = random.bytes(8);
    const now = clock.now();
    this.#deadline = timers.schedule(now + within, () => this.#end(undefined));
    this.#knock(now);
  }

  /** A packet from the agent; never throws. */
  receive(bytes: Uint8Array): void {
    const parsed = StunMessage.parse(bytes);
    if (!parsed.ok || this.#phase === 'over') return;
    const message = parsed.value;
    if (message.kind !== 'success' || message.method !== Method.binding) return;
    const id = message.transactionId.join();
    const sentAt = this.#open.get(id);
    if (sentAt === undefined || checkIntegrity(message, this.#options.digests, this.#key) !== 'good') return;
    this.#open.delete(id);
    const now = this.#options.clock.now();
    if (this.#phase === 'knocking') this.#begin(now);
    else this.#roundTrips.push(now - sentAt);
    if (this.#roundTrips.length === this.#options.checks) this.#finish();
  }

  /** Asks no more, and tells nothing. */
  stop(): void {
    this.#phase = 'over';
    this.#options.timers.cancel(this.#deadline);
    this.#options.timers.cancel(this.#next);
  }

  #knock(now: Millis): void {
    this.#check(now);
    this.#next = this.#options.timers.schedule(now + KNOCK_EVERY, (at) => this.#knock(at));
  }

  #begin(now: Millis): void {
    this.#options.timers.cancel(this.#deadline);
    this.#options.timers.cancel(this.#next);
    this.#phase = 'counting';
    this.#open.clear();
    this.#count(now);
  }

  #count(now: Millis): void {
    const { checks, every, patience, timers } = this.#options;
    this.#check(now);
    this.#sent++;
    this.#next =
      this.#sent < checks
        ? timers.schedule(now + every, (at) => this.#count(at))
        : timers.schedule(now + patience, () => this.#finish());
  }

  #check(now: Millis): void {
    const { digests, random, send } = this.#options;
    const id = random.bytes(12);
    const check = new StunBuilder(Method.binding, 'request', id)
      .text(Attribute.username, this.#username)
      .attribute(Attribute.iceControlling, this.#tieBreaker)
      .u32(Attribute.priority, PRIORITY)
      .messageIntegrity(digests, this.#key)
      .fingerprint()
      .finish();
    this.#open.set(id.join(), now);
    send(check);
  }

  #finish(): void {
    this.#end({ sent: this.#sent, roundTrips: this.#roundTrips });
  }

  #end(survey: PathSurvey | undefined): void {
    if (this.#phase === 'over') return;
    this.stop();
    this.#options.done(survey);
  }
}
