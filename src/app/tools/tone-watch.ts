import { FRAME, RATE } from './sound-source.ts';

/** Samples of one block: half a second tells tones apart that are 8 Hz away from each other. */
const BLOCK = RATE / 2;
export const BLOCK_MS = 500;

const WINDOW = Float64Array.from(
  { length: BLOCK },
  (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (BLOCK - 1)),
);

/** Follows the level of some tones through a call, block by block, by Goertzel's algorithm. */
export class ToneWatch {
  readonly frequencies: readonly number[];
  readonly #coefficients: Float64Array;
  readonly #last: Float64Array;
  readonly #beforeLast: Float64Array;
  /** One row for each full block: amplitudes (0 … 32767) in the order of `frequencies`. */
  readonly blocks: Float64Array[] = [];
  #position = 0;

  constructor(frequencies: readonly number[]) {
    this.frequencies = frequencies;
    this.#coefficients = Float64Array.from(frequencies, (hz) => 2 * Math.cos((2 * Math.PI * hz) / RATE));
    this.#last = new Float64Array(frequencies.length);
    this.#beforeLast = new Float64Array(frequencies.length);
  }

  /** Takes samples at their place; what is missing before them counts as silence, what comes too late is passed over. */
  put(position: number, samples: Int16Array): void {
    if (position < this.#position) return;
    while (this.#position < position) this.#take(SILENCE.subarray(0, position - this.#position));
    this.#take(samples);
  }

  #take(samples: Int16Array): void {
    for (let at = 0; at < samples.length; ) {
      const inBlock = this.#position % BLOCK;
      const count = Math.min(samples.length - at, BLOCK - inBlock);
      this.#filter(samples, at, count, inBlock);
      at += count;
      this.#position += count;
      if (this.#position % BLOCK === 0) this.#finishBlock();
    }
  }

  #filter(samples: Int16Array, from: number, count: number, inBlock: number): void {
    for (let tone = 0; tone < this.#coefficients.length; tone++) {
      const coefficient = this.#coefficients[tone]!;
      let last = this.#last[tone]!;
      let beforeLast = this.#beforeLast[tone]!;
      for (let i = 0; i < count; i++) {
        const value = samples[from + i]! * WINDOW[inBlock + i]! + coefficient * last - beforeLast;
        beforeLast = last;
        last = value;
      }
      this.#last[tone] = last;
      this.#beforeLast[tone] = beforeLast;
    }
  }

  #finishBlock(): void {
    this.blocks.push(
      this.#coefficients.map((coefficient, tone) => {
        const last = this.#last[tone]!;
        const beforeLast = this.#beforeLast[tone]!;
        const power = last * last + beforeLast * beforeLast - coefficient * last * beforeLast;
        // Hann passes half of an amplitude, and half of a sine is on the positive frequency.
        return (4 * Math.sqrt(Math.max(0, power))) / BLOCK;
      }),
    );
    this.#last.fill(0);
    this.#beforeLast.fill(0);
  }
}

const SILENCE = new Int16Array(FRAME);
