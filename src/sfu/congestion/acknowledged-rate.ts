import type { Millis } from '../../base/clock.ts';

/** Long enough to see through the bursts of pictures. */
const WINDOW: Millis = 500;
const BUCKET: Millis = 25;
const BUCKETS = WINDOW / BUCKET;

/** What arrives at a peer, bits a second, by the peer's own clock. */
export class AcknowledgedRate {
  readonly #bytes = new Int32Array(BUCKETS);
  #latest = Number.NEGATIVE_INFINITY;
  #first: number | undefined;

  /** So many bytes arrived at `arrival`. */
  push(bytes: number, arrival: Millis): void {
    const bucket = Math.floor(arrival / BUCKET);
    this.#first ??= bucket;
    if (bucket > this.#latest) {
      const gone = Math.min(BUCKETS, bucket - this.#latest);
      for (let i = 0; i < gone; i++) this.#bytes[(bucket - i) % BUCKETS] = 0;
      this.#latest = bucket;
    } else if (this.#latest - bucket >= BUCKETS) return;
    this.#bytes[bucket % BUCKETS]! += bytes;
  }

  /** Over the last half second; undefined before half of that has passed. */
  get rate(): number | undefined {
    if (this.#first === undefined) return undefined;
    const buckets = Math.min(BUCKETS, this.#latest - this.#first + 1);
    if (buckets < BUCKETS / 2) return undefined;
    let sum = 0;
    for (const bytes of this.#bytes) sum += bytes;
    return (sum * 8000) / (buckets * BUCKET);
  }
}
