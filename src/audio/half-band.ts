/**
 * Between 8 and 16 kHz for sums of voices: a half-band low-pass, of whose taps every other is zero. 0.1 dB flat to
 * 3.4 kHz, 60 dB down from 4.6 kHz; 1.4 ms late. Unlike `resample.ts` it neither rounds nor clips at 16 bits.
 */

/** Taps on either side of the middle one that are not zero. */
const PAIRS = 12;
/** Samples at 16 kHz from the middle to the outermost tap. */
const REACH = 2 * PAIRS - 1;
/** 20 ms at 16 kHz. */
const FRAME = 320;
const TAPS = taps();
/** Frames of silence after which nothing is left in the line. */
const FLUSHED = 1;

/** 16 kHz to 8. */
export class HalfBandDown {
  readonly #line = new Float64Array(2 * REACH + FRAME);
  #quiet = FLUSHED;

  /** Adds the 160 samples that 320 of `from` become to `into`. With `undefined`, silence goes in. */
  addTo(into: Int32Array, from: ArrayLike<number> | undefined): void {
    if (from === undefined && this.#quiet > FLUSHED) return;
    const line = this.#line;
    if (from === undefined) line.fill(0, 2 * REACH);
    else line.set(from, 2 * REACH);
    this.#quiet = from === undefined ? this.#quiet + 1 : 0;
    for (let n = 0; n < FRAME / 2; n++) {
      const middle = REACH + 2 * n;
      let sum = 0.5 * line[middle]!;
      for (let k = 0, d = 1; k < PAIRS; k++, d += 2)
        sum += TAPS[k]! * (line[middle - d]! + line[middle + d]!);
      into[n] = into[n]! + Math.round(sum);
    }
    line.copyWithin(0, FRAME);
  }
}

/** 8 kHz to 16. */
export class HalfBandUp {
  readonly #line = new Float64Array(REACH + FRAME / 2);
  #quiet = FLUSHED;

  /** Adds the 320 samples that 160 of `from` become to `into`. With `undefined`, silence goes in. */
  addTo(into: Int32Array, from: ArrayLike<number> | undefined): void {
    if (from === undefined && this.#quiet > FLUSHED) return;
    const line = this.#line;
    if (from === undefined) line.fill(0, REACH);
    else line.set(from, REACH);
    this.#quiet = from === undefined ? this.#quiet + 1 : 0;
    for (let n = 0; n < FRAME / 2; n++) {
      // The line holds every other sample of the doubled rate; the missing ones lie between, PAIRS on either side.
      let sum = 0;
      for (let k = 0; k < PAIRS; k++) sum += TAPS[k]! * (line[n + PAIRS - 1 - k]! + line[n + PAIRS + k]!);
      into[2 * n] = into[2 * n]! + Math.round(line[n + PAIRS - 1]!);
      into[2 * n + 1] = into[2 * n + 1]! + Math.round(2 * sum);
    }
    line.copyWithin(0, FRAME / 2);
  }
}

/** Odd taps from the middle outwards: a sinc under a Kaiser window of 60 dB, their sum 1/4. */
function taps(): Float64Array {
  const values = Float64Array.from({ length: PAIRS }, (_, k) => {
    const d = 2 * k + 1;
    const sinc = (k % 2 === 0 ? 1 : -1) / (Math.PI * d);
    return sinc * (bessel(5.65 * Math.sqrt(1 - (d / (REACH + 1)) ** 2)) / bessel(5.65));
  });
  const sum = values.reduce((a, b) => a + b, 0);
  return values.map((value) => value / (4 * sum));
}

/** Modified Bessel function of order 0. */
function bessel(x: number): number {
  let term = 1;
  let sum = 1;
  for (let i = 1; i < 30; i++) {
    term *= (x / (2 * i)) ** 2;
    sum += term;
  }
  return sum;
}
