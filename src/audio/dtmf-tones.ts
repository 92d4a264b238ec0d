/** Keys as the tones that telephones have made since 1963 (ITU-T Q.23), for a phone that understands nothing else. */
import type { MixRate } from './voice-format.ts';

const KEYS = '123A456B789C*0#D';
const LOW_HZ = [697, 770, 852, 941] as const;
const HIGH_HZ = [1209, 1336, 1477, 1633] as const;
/** Peaks: -9 dBm0 and -7 dBm0, where a sine of 0 dBm0 peaks at 22,831. What is higher loses more on a line. */
const LOW_PEAK = 8101;
const HIGH_PEAK = 10_198;
/** A tone that begins or ends at once clicks. */
const RAMP_MS = 2;
/** Silence behind each key. */
const PAUSE_MS = 80;
/** Most exchanges take 40 ms (ITU-T Q.24); some need more. */
const SHORTEST_MS = 80;
const LONGEST_MS = 6000;
const MAX_QUEUED = 64;

interface Tone {
  readonly low: number;
  readonly high: number;
  readonly ms: number;
}

/** Plays keys one after the other, as frames of 20 ms. */
export class DtmfTones {
  readonly #queue: Tone[] = [];
  readonly #rate: MixRate;
  /** Samples of the first key and its pause that were made. */
  #at = 0;
  /** What the last {@link pull} wrote. */
  readonly frame: Int16Array;

  constructor(rate: MixRate) {
    this.#rate = rate;
    this.frame = new Int16Array(rate / 50);
  }

  /** Keys not played to their end. */
  get pending(): number {
    return this.#queue.length;
  }

  /** Queues a key; false when it is none, or 64 wait already. */
  press(digit: string, durationMs: number): boolean {
    const key = digit.length === 1 ? KEYS.indexOf(digit.toUpperCase()) : -1;
    if (key < 0 || this.#queue.length >= MAX_QUEUED) return false;
    const ms = Math.max(SHORTEST_MS, Math.min(LONGEST_MS, durationMs));
    this.#queue.push({ low: LOW_HZ[key >> 2]!, high: HIGH_HZ[key & 3]!, ms });
    return true;
  }

  /** Writes the next 20 ms; false when nothing is to be played. */
  pull(): boolean {
    if (this.#queue.length === 0) return false;
    this.frame.fill(0);
    let written = 0;
    for (
      let tone = this.#queue[0];
      tone !== undefined && written < this.frame.length;
      tone = this.#queue[0]
    ) {
      const length = this.#samples(tone.ms);
      const whole = length + this.#samples(PAUSE_MS);
      for (; written < this.frame.length && this.#at < whole; written++, this.#at++)
        if (this.#at < length) this.frame[written] = this.#sample(tone, length);
      if (this.#at < whole) break;
      this.#queue.shift();
      this.#at = 0;
    }
    return true;
  }

  #samples(ms: number): number {
    return Math.round((ms * this.#rate) / 1000);
  }

  #sample({ low, high }: Tone, length: number): number {
    const step = (2 * Math.PI * this.#at) / this.#rate;
    const gain = Math.min(
      1,
      (this.#at + 1) / this.#samples(RAMP_MS),
      (length - this.#at) / this.#samples(RAMP_MS),
    );
    return Math.round(gain * (LOW_PEAK * Math.sin(low * step) + HIGH_PEAK * Math.sin(high * step)));
  }
}
