import type { Millis } from './clock.ts';

/** Lets `burst` events through at once and `perSecond` on the long run. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt: Millis;

  constructor(options: { perSecond: number; burst: number }, now: Millis) {
    this.#perMs = options.perSecond / 1000;
    this.#burst = options.burst;
    this.#tokens = options.burst;
    this.#filledAt = now;
  }

  /** Takes `cost` tokens if there are as many; false: refuse the event. */
  take(now: Millis, cost = 1): boolean {
    this.#tokens = Math.min(this.#burst, this.#tokens + Math.max(0, now - this.#filledAt) * this.#perMs);
    this.#filledAt = now;
    if (this.#tokens < cost) return false;
    this.#tokens -= cost;
    return true;
  }
}
