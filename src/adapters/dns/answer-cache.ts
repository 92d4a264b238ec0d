import type { Clock, Millis } from '../../base/clock.ts';

/** Answers kept at a time; beyond, the oldest goes. */
const MAX_ANSWERS = 1000;
/** A record that says it is good for weeks is asked for again after an hour, ms. */
const LONGEST_MS = 3_600_000;

/** Answers of the DNS until their time is over. */
export class AnswerCache {
  readonly #clock: Clock;
  readonly #answers = new Map<string, { readonly records: readonly unknown[]; readonly until: Millis }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(key: string): readonly unknown[] | undefined {
    const answer = this.#answers.get(key);
    if (answer === undefined || answer.until > this.#clock.now()) return answer?.records;
    this.#answers.delete(key);
    return undefined;
  }

  /** A time of 0 is not kept at all. */
  put(key: string, records: readonly unknown[], ttlMs: Millis): void {
    if (ttlMs <= 0) return;
    this.#answers.delete(key);
    if (this.#answers.size >= MAX_ANSWERS) {
      const [oldest] = this.#answers.keys();
      if (oldest !== undefined) this.#answers.delete(oldest);
    }
    this.#answers.set(key, { records, until: this.#clock.now() + Math.min(ttlMs, LONGEST_MS) });
  }
}
