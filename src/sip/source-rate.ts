import type { Millis } from '../base/clock.ts';
import { TokenBucket } from '../base/token-bucket.ts';

/** Sources remembered at a time; with more, the oldest starts afresh. */
const MAX_SOURCES = 4096;

/** `strained`: over half of its rate, so nothing new shall begin. `over`: not to be read at all. */
export type RateVerdict = 'fine' | 'strained' | 'over';

interface Buckets {
  readonly all: TokenBucket;
  readonly calm: TokenBucket;
}

/**
 * How fast each source may send, asked before a byte is parsed. Two steps, so that a source that grows too fast is first
 * refused new calls, and messages of the calls that it has are only lost when that did not help (RFC 7339 section 5.10.1).
 */
export class SourceRate {
  readonly #perSecond: number;
  readonly #sources = new Map<string, Buckets>();

  /** `perSecond`: messages of one source on the long run, and as many at once. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Counts one message of `address`. */
  take(address: string, now: Millis): RateVerdict {
    const { all, calm } = this.#sources.get(address) ?? this.#add(address, now);
    if (!all.take(now)) return 'over';
    return calm.take(now) ? 'fine' : 'strained';
  }

  #add(address: string, now: Millis): Buckets {
    if (this.#sources.size >= MAX_SOURCES) {
      // A Map iterates in order of insertion: the first is the oldest.
      const [oldest] = this.#sources.keys();
      if (oldest !== undefined) this.#sources.delete(oldest);
    }
    const half = this.#perSecond / 2;
    const buckets = {
      all: new TokenBucket({ perSecond: this.#perSecond, burst: this.#perSecond }, now),
      calm: new TokenBucket({ perSecond: half, burst: half }, now),
    };
    this.#sources.set(address, buckets);
    return buckets;
  }
}
