/**
 * Brings a sum of voices back into 16 bits. What is too loud is turned down as a whole, within 2.5 ms, and comes back
 * in a second; only what a frame cannot foresee of the next one is bent by a curve. Nothing is ever clipped.
 */

/** The limiter holds peaks here, 3 dB under full scale; below it the curve is a straight line. */
const CEILING = 23_197;
const HEADROOM = 32_767 - CEILING;
/** Parts of a frame, of 2.5 ms, whose peaks are looked at. */
const PARTS = 8;
/** Share of the way back to full gain in one part: 1/e in 200 ms. */
const RELEASE = 0.0124;
/** From here on it is as good as 1. */
const FULL = 0.999;

/** One stream's limiter. */
export class Limiter {
  #gain = 1;
  readonly #peaks = new Float64Array(PARTS);

  /** The gain that the last frame ended with, 0 … 1. */
  get gain(): number {
    return this.#gain;
  }

  /** Goes on where `other` stands: its listener now hears this one. */
  follow(other: Limiter): void {
    this.#gain = other.#gain;
  }

  /** Writes `sum`, less `own` if there is one, into `out`; all are frames of one length. */
  process(sum: Int32Array, own: Int16Array | undefined, out: Int16Array): void {
    const length = out.length / PARTS;
    let loudest = 0;
    for (let part = 0, at = 0; part < PARTS; part++, at += length) {
      let peak = 0;
      for (let i = at; i < at + length; i++) {
        const value = own === undefined ? sum[i]! : sum[i]! - own[i]!;
        const size = value < 0 ? -value : value;
        if (size > peak) peak = size;
      }
      this.#peaks[part] = peak;
      if (peak > loudest) loudest = peak;
    }
    if (loudest <= CEILING && this.#gain > FULL) this.#copy(sum, own, out);
    else this.#turnDown(sum, own, out, length);
  }

  #copy(sum: Int32Array, own: Int16Array | undefined, out: Int16Array): void {
    this.#gain = 1;
    if (own === undefined) for (let i = 0; i < out.length; i++) out[i] = sum[i]!;
    else for (let i = 0; i < out.length; i++) out[i] = sum[i]! - own[i]!;
  }

  #turnDown(sum: Int32Array, own: Int16Array | undefined, out: Int16Array, length: number): void {
    let gain = this.#gain;
    for (let part = 0, at = 0; part < PARTS; part++, at += length) {
      const bound = Math.min(this.#bound(part), this.#bound(part + 1));
      const next = Math.min(bound, gain + (1 - gain) * RELEASE);
      const step = (next - gain) / length;
      for (let i = at; i < at + length; i++) {
        gain += step;
        out[i] = bend((own === undefined ? sum[i]! : sum[i]! - own[i]!) * gain);
      }
      gain = next;
    }
    this.#gain = gain;
  }

  #bound(part: number): number {
    const peak = part < PARTS ? this.#peaks[part]! : 0;
    return peak <= CEILING ? 1 : CEILING / peak;
  }
}

/** Nears full scale and never reaches it; the curve and its slope are continuous at the ceiling. */
function bend(value: number): number {
  if (value > CEILING) return Math.round(CEILING + HEADROOM * (1 - HEADROOM / (HEADROOM + value - CEILING)));
  if (value < -CEILING)
    return -Math.round(CEILING + HEADROOM * (1 - HEADROOM / (HEADROOM - value - CEILING)));
  return Math.round(value);
}
