import type { Millis } from '../base/clock.ts';

/**
 * RTO.Initial, RTO.Min and RTO.Max. RFC 9260 section 16 suggests 1 s, 1 s and 60 s. Ours are those of a call: a message that
 * comes after a second is of little use, and who was away for some seconds (ICE restart) shall not wait a minute more.
 */
const INITIAL: Millis = 1000;
const MIN: Millis = 400;
const MAX: Millis = 5000;
/** Below this the variation would be less than receivers may delay their acknowledgments (RFC 9260 section 6.2). */
const MIN_VARIATION: Millis = 50;

/** How long an acknowledgment is waited for (RFC 9260 section 6.3.1). */
export class RetransmissionTimeout {
  value: Millis = INITIAL;
  #smoothed: Millis | undefined;
  #variation: Millis = 0;

  /** A round trip was measured, of a chunk that was sent once. */
  measured(roundTrip: Millis): void {
    if (this.#smoothed === undefined) {
      this.#smoothed = roundTrip;
      this.#variation = roundTrip / 2;
    } else {
      this.#variation += (Math.abs(this.#smoothed - roundTrip) - this.#variation) / 4;
      this.#smoothed += (roundTrip - this.#smoothed) / 8;
    }
    this.value = clamp(this.#smoothed + 4 * Math.max(MIN_VARIATION, this.#variation));
  }

  /** Smoothed; undefined before the first. */
  get roundTrip(): Millis | undefined {
    return this.#smoothed;
  }

  /** Nothing came in time (RFC 9260 section 6.3.3, rule E2). */
  backOff(): void {
    this.value = clamp(this.value * 2);
  }
}

function clamp(value: Millis): Millis {
  return Math.min(MAX, Math.max(MIN, value));
}
