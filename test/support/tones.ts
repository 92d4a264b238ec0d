/**
 * What a test hears: how loud known tones are in a recording, and how long it fell silent. Goertzel's algorithm, so
 * that a test of eight tones costs eight multiplications a sample and no FFT.
 */

/** Frequencies (Hz) that lie on different 20 ms grid lines and are no harmonics of each other up to 4 kHz. */
export const TONES = [450, 650, 850, 1050, 1250, 1550, 1850, 2150] as const;

/** A sine of `amplitude` (0 … 32767 of a 16-bit sample), `milliseconds` long, beginning at phase 0. */
export function tone(frequency: number, amplitude: number, milliseconds: number, rate = 8000): Int16Array {
  const samples = new Int16Array(Math.round((milliseconds * rate) / 1000));
  const step = (2 * Math.PI * frequency) / rate;
  for (let i = 0; i < samples.length; i++) samples[i] = Math.round(amplitude * Math.sin(step * i));
  return samples;
}

/**
 * The level of each of `frequencies` (Hz) in `samples`, in dB of full scale: a full-scale sine reads 0, a sine of
 * amplitude 8192 reads -12.04; what is not there at all reads -120. Resolution is about 2 * rate / samples.length Hz
 * (Hann window), so 200 ms tells tones apart that are 20 Hz away from each other.
 */
export function toneLevels(samples: Int16Array, rate: number, frequencies: readonly number[]): number[] {
  return frequencies.map((frequency) => toneLevel(samples, rate, frequency));
}

/** As {@link toneLevels}, for one frequency. */
export function toneLevel(samples: Int16Array, rate: number, frequency: number): number {
  const length = samples.length;
  if (length < 2) return -120;
  const coefficient = 2 * Math.cos((2 * Math.PI * frequency) / rate);
  let last = 0;
  let beforeLast = 0;
  for (let i = 0; i < length; i++) {
    const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (length - 1));
    const value = samples[i]! * window + coefficient * last - beforeLast;
    beforeLast = last;
    last = value;
  }
  const power = last * last + beforeLast * beforeLast - coefficient * last * beforeLast;
  // A Hann window passes half of the amplitude, a real sine puts half of its own on the positive frequency.
  const amplitude = (4 * Math.sqrt(Math.max(0, power))) / length;
  return amplitude <= 0 ? -120 : Math.max(-120, 20 * Math.log10(amplitude / 32768));
}

/** Root mean square of all samples, in dB of full scale (a full-scale sine reads -3.01). */
export function rmsLevel(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return sum === 0 ? -120 : Math.max(-120, 10 * Math.log10(sum / samples.length / 32768 ** 2));
}

/** A stretch of a recording, in ms from its start. */
export interface Gap {
  readonly startMs: number;
  readonly lengthMs: number;
}

/**
 * The longest stretch whose level stays under `thresholdDb` (dB of full scale, RMS in steps of 5 ms); length 0 when
 * there is none. Judge with it what should sound without a break: a tone, not speech.
 */
export function longestGap(samples: Int16Array, rate: number, thresholdDb = -50): Gap {
  const step = Math.max(1, Math.round(rate / 200));
  let best = 0;
  let bestStart = 0;
  let run = 0;
  for (let at = 0; at + step <= samples.length; at += step) {
    run = rmsLevel(samples.subarray(at, at + step)) < thresholdDb ? run + 1 : 0;
    if (run > best) {
      best = run;
      bestStart = at - (run - 1) * step;
    }
  }
  return { startMs: (bestStart * 1000) / rate, lengthMs: (best * step * 1000) / rate };
}

/** Which of `frequencies` stand out: within `withinDb` of `expectedDb`. */
export function heard(
  samples: Int16Array,
  rate: number,
  frequencies: readonly number[],
  expectedDb: number,
  withinDb = 6,
): number[] {
  return frequencies.filter(
    (frequency) => Math.abs(toneLevel(samples, rate, frequency) - expectedDb) <= withinDb,
  );
}
