import type { Millis } from '../base/clock.ts';
import { sourceKey } from '../base/source-key.ts';
import { TokenBucket } from '../base/token-bucket.ts';

/** Sources remembered at a time; with more, the oldest start afresh and the bucket of all bounds the whole. */
const MAX_SOURCES = 4_096;
/** All sources together get this many times what one gets in a second, and no more than a second's at once. */
const GLOBAL_FACTOR = 50;

/** A rate for each source and one for all, in bounded memory and without alarms. */
export class SourceLimiter {
  readonly #rate: { perSecond: number; burst: number };
  readonly #all: TokenBucket;
  readonly #sources = new Map<string, TokenBucket>();

  constructor(rate: { perSecond: number; burst: number }, now: Millis) {
    this.#rate = rate;
    const perSecond = rate.perSecond * GLOBAL_FACTOR;
    this.#all = new TokenBucket({ perSecond, burst: Math.max(perSecond, rate.burst) }, now);
  }

  /** Takes one token of the source at `address`, of IPv6 the /64; false: refuse. */
  take(address: string, now: Millis): boolean {
    const source = sourceKey(address);
    let bucket = this.#sources.get(source);
    if (bucket === undefined) {
      if (this.#sources.size >= MAX_SOURCES) {
        // A Map iterates in order of insertion: the first is the oldest.
        for (const oldest of this.#sources.keys()) {
          this.#sources.delete(oldest);
          break;
        }
      }
      bucket = new TokenBucket(this.#rate, now);
      this.#sources.set(source, bucket);
    }
    return bucket.take(now) && this.#all.take(now);
  }
}
