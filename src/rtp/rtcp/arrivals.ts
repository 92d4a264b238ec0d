import type { Millis } from '../../base/clock.ts';
import { sequenceDelta } from '../../base/sequence.ts';
import { MAX_STATUSES } from './transport-feedback.ts';

/**
 * A feedback goes out when so long has passed since the last one, and a packet comes: when it is a twentieth of what came
 * (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 4), but not more often than the first and not more seldom than the last.
 */
const EVERY: { readonly least: Millis; readonly most: Millis } = { least: 50, most: 250 };
/** A feedback with its headers is of some 68 bytes: it takes a twentieth when so many have come. */
const WORTH = 20 * 68;
/** Earlier when so many packets wait: a feedback must fit a datagram. */
const MANY = 200;

/** What one feedback says. */
export interface ArrivalReport {
  /** The first number. */
  readonly base: number;
  /** Feedbacks before this one, modulo 256. */
  readonly count: number;
  /** From `base` on, ms; NaN: not here. */
  readonly arrivals: Float64Array;
}

/** When a peer's packets arrived, by their transport-wide numbers, until that is reported to it. */
export class Arrivals {
  readonly #at = new Float64Array(MAX_STATUSES);
  /** First number that was not reported; -1 before the first packet. */
  #next = -1;
  #highest = 0;
  #reportedAt: Millis = 0;
  /** Since then. */
  #bytes = 0;
  #count = 0;

  /** A packet of so many bytes came. True: it is time to report. */
  push(sequence: number, bytes: number, now: Millis): boolean {
    this.#bytes += bytes;
    if (this.#next < 0) {
      this.#next = sequence;
      this.#highest = (sequence - 1) & 0xffff;
      this.#reportedAt = now;
    }
    const ahead = sequenceDelta(sequence, this.#highest);
    if (ahead > 0) {
      // A leap is a peer that counts anew, or a path that was gone: what lies between is told to nobody.
      if (ahead >= MAX_STATUSES / 2) this.#next = sequence;
      else for (let i = 1; i < ahead; i++) this.#at[(this.#highest + i) % MAX_STATUSES] = Number.NaN;
      this.#highest = sequence;
    } else if (sequenceDelta(sequence, this.#next) < 0) return false;
    this.#at[sequence % MAX_STATUSES] = now;
    const since = now - this.#reportedAt;
    return (since >= EVERY.least && this.#bytes >= WORTH) || since >= EVERY.most || this.#waiting >= MANY;
  }

  /** What is to be reported now; undefined when nothing came since the last time. */
  take(now: Millis): ArrivalReport | undefined {
    this.#reportedAt = now;
    this.#bytes = 0;
    const waiting = this.#waiting;
    if (waiting <= 0) return undefined;
    const base = this.#next;
    const arrivals = Float64Array.from(
      { length: waiting },
      (_, i) => this.#at[((base + i) & 0xffff) % MAX_STATUSES]!,
    );
    this.#next = (this.#highest + 1) & 0xffff;
    return { base, count: this.#count++ & 0xff, arrivals };
  }

  get #waiting(): number {
    return this.#next < 0 ? 0 : sequenceDelta(this.#highest, this.#next) + 1;
  }
}
