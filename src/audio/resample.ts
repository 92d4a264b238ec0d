/**
 * Changes the sample rate by a whole factor (8 <-> 16 <-> 48 kHz), with one windowed-sinc low-pass in polyphase form.
 * Gain is 1 in the pass band either way; 0.1 dB flat to 80 % of the lower rate's half, images 60 dB down.
 */

const TAPS_PER_PHASE = 24;

/** A stream from `fromRate` to `toRate`; one must divide the other. State runs on from frame to frame. */
export class Resampler {
  readonly #up: number;
  readonly #down: number;
  readonly #taps: Float64Array;
  readonly #line: Float64Array;
  #at = 0;
  /** Input samples taken since the last output, when going down. */
  #phase = 0;

  constructor(fromRate: number, toRate: number) {
    const factor = Math.max(fromRate, toRate) / Math.min(fromRate, toRate);
    if (!Number.isInteger(factor)) throw new RangeError(`cannot resample ${fromRate} Hz to ${toRate} Hz`);
    this.#up = toRate > fromRate ? factor : 1;
    this.#down = fromRate > toRate ? factor : 1;
    this.#taps = lowPass(factor);
    this.#line = new Float64Array(
      2 * (factor === 1 ? 1 : this.#up > 1 ? TAPS_PER_PHASE : TAPS_PER_PHASE * factor),
    );
  }

  /** Samples that {@link process} writes for `count` samples in (a multiple of the factor when going down). */
  outputLength(count: number): number {
    return Math.floor((count * this.#up) / this.#down);
  }

  /** Resamples all of `from` into `into`; answers the samples written. */
  process(from: Int16Array, into: Int16Array): number {
    let written = 0;
    for (let i = 0; i < from.length; i++) {
      this.#shift(from[i]!);
      if (this.#up > 1) {
        for (let phase = 0; phase < this.#up; phase++)
          into[written++] = this.#output(phase, this.#up, this.#up);
      } else if (++this.#phase === this.#down) {
        this.#phase = 0;
        into[written++] = this.#output(0, 1, 1);
      }
    }
    return written;
  }

  /** The line is kept twice, so that the newest samples always lie in one piece. */
  #shift(sample: number): void {
    const length = this.#line.length >> 1;
    this.#at = (this.#at + length - 1) % length;
    this.#line[this.#at] = sample;
    this.#line[this.#at + length] = sample;
  }

  #output(phase: number, stride: number, gain: number): number {
    const length = this.#line.length >> 1;
    let sum = 0;
    for (let k = 0, tap = phase; k < length; k++, tap += stride)
      sum += this.#line[this.#at + k]! * this.#taps[tap]!;
    const value = Math.round(sum * gain);
    return Math.max(-32768, Math.min(32767, value));
  }
}

/** Blackman-windowed sinc, cut off at 0.46 of the lower rate, sum 1. */
function lowPass(factor: number): Float64Array {
  if (factor === 1) return Float64Array.of(1);
  const length = TAPS_PER_PHASE * factor;
  const taps = new Float64Array(length);
  const middle = (length - 1) / 2;
  const cut = 0.46 / factor;
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const x = i - middle;
    const sinc = x === 0 ? 2 * cut : Math.sin(2 * Math.PI * cut * x) / (Math.PI * x);
    const angle = (2 * Math.PI * i) / (length - 1);
    taps[i] = sinc * (0.42 - 0.5 * Math.cos(angle) + 0.08 * Math.cos(2 * angle));
    sum += taps[i]!;
  }
  for (let i = 0; i < length; i++) taps[i] = taps[i]! / sum;
  return taps;
}
