import type { Millis } from '../base/clock.ts';

/** How long the rate of a peer's packets is counted. */
const WINDOW: Millis = 1000;
/** A pause of a path that works is hardly longer: a busy browser, a busy Wi-Fi. */
const SHORTEST: Millis = 400;
/** So many packets must be missing. */
const MISSING = 6;
/** What is silent for so long is lost, and no doubt any more: its end is consent's matter. */
const LONGEST: Millis = 10_000;

/**
 * Notices that a peer whose packets came all the time says nothing any more, as when its Wi-Fi is gone: within half a second
 * for who talks, later for who sends little, never for who sends next to nothing.
 */
export class PathSilence {
  #heardAt: Millis = Number.NEGATIVE_INFINITY;
  #since: Millis = Number.NEGATIVE_INFINITY;
  #count = 0;
  /** What silence is suspicious, ms; Infinity: none. */
  #limit: Millis = Number.POSITIVE_INFINITY;

  /** A packet of the peer's media came. */
  heard(now: Millis): void {
    this.#heardAt = now;
    const took = now - this.#since;
    if (took >= WINDOW) {
      this.#limit =
        this.#count < 2 ? Number.POSITIVE_INFINITY : Math.max(SHORTEST, (MISSING * took) / this.#count);
      this.#since = now;
      this.#count = 0;
    }
    this.#count++;
  }

  /** When silence is suspicious if it lasts until then; Infinity: never. */
  get suspiciousAt(): Millis {
    // Of who was never heard the sum would be no number.
    return this.#limit === Number.POSITIVE_INFINITY ? this.#limit : this.#heardAt + this.#limit;
  }

  /** Whether its path may have broken. */
  isSuspicious(now: Millis): boolean {
    const silence = now - this.#heardAt;
    return silence > this.#limit && silence < LONGEST;
  }
}
