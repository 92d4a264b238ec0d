import type { Millis } from '../base/clock.ts';

/** A layer without a packet for longer is off: its sender lacks bandwidth, or the picture is still and small. */
const LIVE: Millis = 1500;
/** No more sizes of one picture than this. */
export const MAX_LAYERS = 4;
/** Temporal layers of one size. */
export const MAX_TEMPORAL = 4;
/** Rates are measured over stretches of this length. */
const STRETCH: Millis = 500;

/** What one size costs and how often it moves, over the last stretch. */
class LayerRate {
  heardAt: Millis = Number.NEGATIVE_INFINITY;
  /** Bits a second; 0 before the first stretch is over. */
  bitrate = 0;
  /** Frames a second of each temporal layer. */
  readonly frames = new Float64Array(MAX_TEMPORAL);
  #since: Millis = 0;
  #bytes = 0;
  readonly #counted = new Int32Array(MAX_TEMPORAL);

  heard(bytes: number, now: Millis): void {
    if (now - this.heardAt > LIVE) this.#begin(now);
    else if (now - this.#since >= STRETCH) this.#end(now);
    this.heardAt = now;
    this.#bytes += bytes;
  }

  needed(bytes: number): void {
    this.#bytes += bytes;
  }

  frame(temporal: number): void {
    this.#counted[temporal]!++;
  }

  #begin(now: Millis): void {
    this.#since = now;
    this.#bytes = 0;
    this.bitrate = 0;
    this.#counted.fill(0);
  }

  #end(now: Millis): void {
    const seconds = (now - this.#since) / 1000;
    const rate = (8 * this.#bytes) / seconds;
    // A key frame makes one stretch dear; what a layer costs on the long run is told by several.
    this.bitrate = this.bitrate === 0 ? rate : 0.6 * this.bitrate + 0.4 * rate;
    for (let i = 0; i < MAX_TEMPORAL; i++) {
      const frames = this.#counted[i]! / seconds;
      this.frames[i] = this.frames[i] === 0 ? frames : (this.frames[i]! + frames) / 2;
    }
    this.#since = now;
    this.#bytes = 0;
    this.#counted.fill(0);
  }
}

/** Which of a track's simulcast layers, 0 the smallest, come in now, and what they cost. */
export class Layers {
  readonly #rates = Array.from({ length: MAX_LAYERS }, () => new LayerRate());

  /** A packet of so many bytes came. */
  heard(layer: number, bytes: number, now: Millis): void {
    this.#rates[layer]!.heard(bytes, now);
  }

  /** A layer needs so many bytes besides, of a layer below it. */
  needed(layer: number, bytes: number): void {
    this.#rates[layer]!.needed(bytes);
  }

  /** A frame of a temporal layer began. */
  frame(layer: number, temporal: number): void {
    this.#rates[layer]!.frame(temporal);
  }

  isLive(layer: number, now: Millis): boolean {
    return now - this.#rates[layer]!.heardAt < LIVE;
  }

  /** What a layer costs whom it is sent to, bits a second; 0: not known yet, or off. */
  bitrate(layer: number, now: Millis): number {
    return this.isLive(layer, now) ? this.#rates[layer]!.bitrate : 0;
  }

  /** The lowest temporal layer with which a layer has as many frames a second as are asked for. */
  temporalFor(layer: number, framesPerSecond: number): number {
    const { frames } = this.#rates[layer]!;
    let sum = 0;
    for (let temporal = 0; temporal < MAX_TEMPORAL; temporal++) {
      sum += frames[temporal]!;
      // Measured rates waver around the round numbers that are asked for.
      if (sum >= 0.85 * framesPerSecond) return temporal;
    }
    return MAX_TEMPORAL - 1;
  }

  /** The largest layer of at most `most` that comes in; failing that the smallest above it; -1 when none does. */
  best(most: number, now: Millis): number {
    for (let layer = Math.min(most, MAX_LAYERS - 1); layer >= 0; layer--) {
      if (this.isLive(layer, now)) return layer;
    }
    for (let layer = most + 1; layer < MAX_LAYERS; layer++) {
      if (this.isLive(layer, now)) return layer;
    }
    return -1;
  }
}
