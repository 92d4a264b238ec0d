/**
 * Hides lost samples by waveform substitution, in the manner of ITU-T G.711 Appendix I: the last pitch period is
 * repeated (one period for 10 ms, then two, then three, so that it does not buzz), fades from 10 ms to nothing at
 * 60 ms, and what comes after is faded in over the continued substitute. Unlike the Appendix it adds no delay: the
 * seam is closed by an offset that decays over a quarter of a period. For 8 kHz, or a whole multiple of it.
 */

/** All in samples at 8 kHz. */
const HISTORY = 512;
/** Pitch of 66 … 200 Hz, as the Appendix searches. */
const MIN_PERIOD = 40;
const MAX_PERIOD = 120;
/** The correlation is taken over 20 ms. */
const WINDOW = 160;
const MS = 8;
const FADE_AFTER = 10 * MS;
const FADE_END = 60 * MS;
const MERGE_MAX = 10 * MS;

/** One stream's concealer. Tell it of all good samples in order; ask it for substitutes where some are missing. */
export class Concealer {
  /** Samples where 8 kHz has one. */
  readonly #scale: number;
  readonly #history: Int16Array;
  readonly #bridge: Int16Array;
  #known = 0;
  /** Samples substituted since the last good one; 0 while all is well. */
  #missing = 0;
  #period = 0;
  #periods = 1;
  #loop = 0;

  /** `sampleRate` in Hz: 8000 or a whole multiple. */
  constructor(sampleRate = 8000) {
    this.#scale = Math.round(sampleRate / 8000);
    this.#history = new Int16Array(HISTORY * this.#scale);
    this.#bridge = new Int16Array(MERGE_MAX * this.#scale);
  }

  /** Samples substituted in the present erasure. */
  get missing(): number {
    return this.#missing;
  }

  /** Good samples `buffer[at, at + count)`: remembered, and merged in place with the substitute when one was playing. */
  good(buffer: Int16Array, at: number, count: number): void {
    if (this.#missing > 0) this.#merge(buffer, at, count);
    this.#remember(buffer, at, count);
  }

  /** Writes `count` substitute samples into `buffer` at `at`: zeros when nothing was ever heard, or 60 ms ago. */
  conceal(buffer: Int16Array, at: number, count: number): void {
    if (this.#missing === 0) this.#begin();
    this.#synthesise(buffer, at, count);
  }

  /** Forgets everything: another source speaks now. */
  reset(): void {
    this.#known = 0;
    this.#missing = 0;
    this.#history.fill(0);
  }

  #merge(buffer: Int16Array, at: number, count: number): void {
    // Appendix I.2.7: a quarter of a period, and 4 ms more for every 10 ms of erasure, to 10 ms.
    const ms = MS * this.#scale;
    const length = Math.min(
      count,
      this.#bridge.length,
      (this.#period >> 2) + Math.floor(this.#missing / (10 * ms)) * 4 * ms,
    );
    this.#synthesise(this.#bridge, 0, length);
    for (let i = 0; i < length; i++) {
      const weight = (i + 1) / (length + 1);
      buffer[at + i] = Math.round(buffer[at + i]! * weight + this.#bridge[i]! * (1 - weight));
    }
    this.#missing = 0;
  }

  #remember(buffer: Int16Array, at: number, count: number): void {
    const history = this.#history;
    const size = history.length;
    if (count >= size) {
      for (let i = 0; i < size; i++) history[i] = buffer[at + count - size + i]!;
    } else {
      history.copyWithin(0, count);
      for (let i = 0; i < count; i++) history[size - count + i] = buffer[at + i]!;
    }
    this.#known = Math.min(size, this.#known + count);
  }

  #begin(): void {
    this.#period =
      this.#known < (MAX_PERIOD + WINDOW) * this.#scale ? 0 : pitchPeriod(this.#history, this.#scale);
    this.#periods = 1;
    this.#loop = 0;
  }

  #synthesise(buffer: Int16Array, at: number, count: number): void {
    const history = this.#history;
    const size = history.length;
    const period = this.#period;
    const fadeAfter = FADE_AFTER * this.#scale;
    const fadeFor = (FADE_END - FADE_AFTER) * this.#scale;
    for (let i = 0; i < count; i++) {
      const gain = 1 - (this.#missing - fadeAfter) / fadeFor;
      this.#missing++;
      if (period === 0 || gain <= 0) {
        buffer[at + i] = 0;
        continue;
      }
      const length = period * this.#periods;
      const start = size - length;
      const quarter = period >> 2;
      let sample = history[start + this.#loop]!;
      if (this.#loop < quarter) {
        const offset = history[size - 1]! - history[start - 1]!;
        sample += offset * (1 - (this.#loop + 1) / (quarter + 1));
      }
      sample *= Math.min(1, gain);
      buffer[at + i] = Math.max(-32768, Math.min(32767, Math.round(sample)));
      if (++this.#loop === length) {
        this.#loop = 0;
        if (this.#periods < 3 && this.#missing >= fadeAfter) this.#periods++;
      }
    }
  }
}

/**
 * The period (samples) at which the end of `history` looks most like itself, by normalised cross-correlation. At higher
 * rates every `scale`-th sample is compared: the pitch does not hide between them.
 */
function pitchPeriod(history: Int16Array, scale: number): number {
  const end = history.length;
  let best = MIN_PERIOD * scale;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let lag = MIN_PERIOD * scale; lag <= MAX_PERIOD * scale; lag++) {
    let product = 0;
    let energy = 0;
    for (let i = end - WINDOW * scale; i < end; i += scale) {
      const before = history[i - lag]!;
      product += history[i]! * before;
      energy += before * before;
    }
    const score = energy === 0 ? 0 : product / Math.sqrt(energy);
    if (score > bestScore * 1.001 || bestScore === Number.NEGATIVE_INFINITY) {
      bestScore = score;
      best = lag;
    }
  }
  return best;
}
