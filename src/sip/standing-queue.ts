import type { Millis } from '../base/clock.ts';

/** What a message may wait, ms: its answer shall be there before T1 is over, after which it is sent again (RFC 3261 section 17.1.1.2). */
const TARGET = 250;
/** How long all of them must have waited longer: a pause of the process makes a queue too, which is gone soon. */
const INTERVAL = 250;
/** So many messages must have: where few come, pauses of the process may seem one. */
const CROWD = 100;

/**
 * Tells a queue that stands from one that a burst or a pause has made, by how long messages have waited in it (the notion is CoDel's,
 * RFC 8289 section 3): one that stands grows until all that comes is sent again and again.
 */
export class StandingQueue {
  /** Since when every message had waited longer than {@link TARGET}. */
  #since: Millis | undefined;
  #late = 0;

  /** A message is taken at `now` which came at `cameAt`. Does the queue stand? */
  took(cameAt: Millis, now: Millis): boolean {
    if (now - cameAt <= TARGET) {
      this.#since = undefined;
      this.#late = 0;
      return false;
    }
    this.#since ??= now;
    this.#late++;
    return this.#late > CROWD && now - this.#since >= INTERVAL;
  }
}
