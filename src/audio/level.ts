/** Audio levels as RFC 6464 section 3 has them: -dBov, 0 = the loudest there is … 127 = digital silence. */

/** The level that stands for silence. */
export const SILENCE_LEVEL = 127;

/**
 * Level of `count` samples whose squares sum to `energy`. Overload (0 dBov) is the square wave of full scale, so that
 * a sine of full scale reads 3.
 */
export function levelOfEnergy(energy: number, count: number): number {
  if (count <= 0 || energy <= 0) return SILENCE_LEVEL;
  const level = Math.round(-10 * Math.log10(energy / count / (32767 * 32767)));
  return Math.max(0, Math.min(SILENCE_LEVEL, level));
}

/** The mean square of samples at `level`, -dBov. */
export function energyAtLevel(level: number): number {
  return 32767 * 32767 * 10 ** (-level / 10);
}

/** Sum of the squares of `samples[start, end)`. */
export function energyOf(samples: Int16Array, start: number, end: number): number {
  let sum = 0;
  for (let i = start; i < end; i++) sum += samples[i]! * samples[i]!;
  return sum;
}

/** Level of a frame, -dBov. */
export function levelOf(samples: Int16Array, start = 0, end = samples.length): number {
  return levelOfEnergy(energyOf(samples, start, end), end - start);
}

/** Level of a frame in dBov, not rounded; -120 for digital silence. */
export function exactLevel(samples: Int16Array): number {
  const energy = energyOf(samples, 0, samples.length);
  return energy <= 0 ? -120 : 10 * Math.log10(energy / samples.length / (32767 * 32767));
}
