import type { Millis } from '../base/clock.ts';

/** Whether a phone that should send does: RTP, comfort noise, keys and RTCP count alike. */
export class Liveness {
  #sinceAt: Millis = 0;
  #heard = false;
  #told = false;

  /** Something came at `now`, or the phone may send from then on. What came earlier may be told later. */
  restart(now: Millis): void {
    this.#sinceAt = Math.max(this.#sinceAt, now);
    this.#told = false;
  }

  /** RTP came; true for the first of all. */
  hear(now: Millis): boolean {
    this.restart(now);
    if (this.#heard) return false;
    this.#heard = true;
    return true;
  }

  /** The phone need not send now, as on hold: the time-out begins anew behind it. */
  excuse(now: Millis): void {
    this.#sinceAt = now;
  }

  /** Nothing came for `timeoutMs`; true once, until something comes again. */
  fellSilent(now: Millis, timeoutMs: Millis): boolean {
    if (this.#told || now - this.#sinceAt < timeoutMs) return false;
    this.#told = true;
    return true;
  }
}
