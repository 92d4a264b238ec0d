import type { Millis } from '../base/clock.ts';
import { TokenBucket } from '../base/token-bucket.ts';

/** Sources remembered at a time; with more, the oldest start afresh and the bucket of all bounds the whole. */
const MAX_SOURCES = 4_096;
/** All sources together get this many times what one gets in a second, and no more than a second's at once. */
const GLOBAL_FACTOR = 50;

/** A rate for each source address and one for all, in bounded memory and without alarms. */
export class SourceLimiter {
  readonly #rate: { perSecond: number; burst: number };
  readonly #all: TokenBucket;
  readonly #sources = new Map<string, TokenBucket>();

  constructor(rate: { perSecond: number; burst: number }, now: Millis) {
    this.#rate = rate;
    const perSecond = rate.perSecond * GLOBAL_FACTOR;
    this.#all = new TokenBucket({ perSecond, burst: Math.max(perSecond, rate.burst) }, now);
  }

  /** Takes one token of `address`; false: refuse. */
  take(address: string, now: Millis): boolean {
    let bucket = this.#sources.get(address);
    if (bucket === undefined) {
      if (this.#sources.size >= MAX_SOURCES) {
        // A Map iterates in order of insertion: the first is the oldest.
        for (const oldest of this.#sources.keys()) {
          this.#sources.delete(oldest);
          break;
        }
      }
      bucket = new TokenBucket(this.#rate, now);
      this.#sources.set(address, bucket);
    }
    return bucket.take(now) && this.#all.take(now);
  }
}
