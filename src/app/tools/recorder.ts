import { type Sound, writeWav } from '../../audio/wav.ts';
import { RATE } from './sound-source.ts';

/** One hour: what is beyond is not kept. */
const LONGEST = 3600 * RATE;

/** Keeps what a phone hears, each packet in its place in time. */
export class Recorder {
  #samples = new Int16Array(60 * RATE);
  #length = 0;

  put(position: number, samples: Int16Array): void {
    const end = position + samples.length;
    if (position < 0 || end > LONGEST) return;
    if (end > this.#samples.length) {
      const larger = new Int16Array(Math.min(LONGEST, 2 * end));
      larger.set(this.#samples);
      this.#samples = larger;
    }
    this.#samples.set(samples, position);
    this.#length = Math.max(this.#length, end);
  }

  get sound(): Sound {
    return { rate: RATE, samples: this.#samples.subarray(0, this.#length) };
  }

  /** As a file, 16-bit PCM. */
  toWav(): Uint8Array {
    return writeWav(this.sound);
  }
}
