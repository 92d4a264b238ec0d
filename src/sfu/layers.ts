import type { Millis } from '../base/clock.ts';

/** A layer without a packet for longer is off: its sender lacks bandwidth, or the picture is still and small. */
const LIVE: Millis = 1500;
/** No more sizes of one picture than this. */
export const MAX_LAYERS = 4;

/** Which of a track's simulcast layers, 0 the smallest, come in now. */
export class Layers {
  readonly #heardAt = new Float64Array(MAX_LAYERS).fill(Number.NEGATIVE_INFINITY);

  heard(layer: number, now: Millis): void {
    this.#heardAt[layer] = now;
  }

  /** The largest layer of at most `most` that comes in; failing that the smallest above it; -1 when none does. */
  best(most: number, now: Millis): number {
    for (let layer = Math.min(most, MAX_LAYERS - 1); layer >= 0; layer--) {
      if (now - this.#heardAt[layer]! < LIVE) return layer;
    }
    for (let layer = most + 1; layer < MAX_LAYERS; layer++) {
      if (now - this.#heardAt[layer]! < LIVE) return layer;
    }
    return -1;
  }
}
