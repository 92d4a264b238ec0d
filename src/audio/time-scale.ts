/**
 * Takes a pitch period out of speech, or puts one in, unheard: how a playout that runs too far behind catches up, and
 * one that runs too close falls back (WSOLA, the "accelerate" and "expand" of jitter buffers). In a pause any stretch
 * will do. For 8 kHz, or a whole multiple of it.
 */

/** Samples at 8 kHz: periods of 2.5 … 15 ms, cross-faded over 5 ms. */
const MIN_PERIOD = 20;
const MAX_PERIOD = 120;
const OVERLAP = 40;
/** Normalised correlation from which two stretches count as alike. */
const ALIKE = 0.85;
/** -50 dBov: nobody misses what is cut out here. */
const QUIET_POWER = 32768 ** 2 * 1e-5;

/**
 * Shortens `samples[0, length)` by the period of 2.5 … 15 ms that its beginning fits best, by `most` samples at most;
 * in a pause by as many. Answers the new length; the same length when nothing fits.
 */
export function shorten(samples: Int16Array, length: number, most: number, sampleRate = 8000): number {
  const scale = Math.round(sampleRate / 8000);
  const overlap = OVERLAP * scale;
  const period = stretch(samples, length, most, scale);
  if (period === 0) return length;
  for (let i = 0; i < overlap; i++) {
    const weight = (i + 1) / (overlap + 1);
    samples[i] = Math.round(samples[i]! * (1 - weight) + samples[period + i]! * weight);
  }
  samples.copyWithin(overlap, period + overlap, length);
  return length - period;
}

/**
 * Lengthens `samples[0, length)` likewise; there must be room for `most` samples, or 15 ms if that is less, behind it.
 */
export function lengthen(samples: Int16Array, length: number, most: number, sampleRate = 8000): number {
  const scale = Math.round(sampleRate / 8000);
  const overlap = OVERLAP * scale;
  const period = stretch(samples, length, most, scale);
  if (period === 0) return length;
  samples.copyWithin(period, 0, length);
  // Behind the first period stands the beginning again; what came there before fades into it, from the second copy.
  for (let i = 0; i < overlap; i++) {
    const weight = (i + 1) / (overlap + 1);
    samples[period + i] = Math.round(samples[2 * period + i]! * (1 - weight) + samples[period + i]! * weight);
  }
  return length + period;
}

/** Samples (0: none) that can be left out or repeated at the beginning: the best period, or all that may be in a pause. */
function stretch(samples: Int16Array, length: number, most: number, scale: number): number {
  const overlap = OVERLAP * scale;
  const longest = Math.min(most, MAX_PERIOD * scale, length - overlap);
  if (longest <= 0) return 0;
  if (power(samples, longest + overlap) < QUIET_POWER) return longest;
  const energy = power(samples, overlap) * overlap;
  let best = 0;
  let bestScore = ALIKE;
  for (let lag = MIN_PERIOD * scale; lag <= longest; lag++) {
    let product = 0;
    let other = 0;
    for (let i = 0; i < overlap; i++) {
      const later = samples[lag + i]!;
      product += samples[i]! * later;
      other += later * later;
    }
    const score = product <= 0 ? 0 : product / Math.sqrt(energy * other);
    if (score > bestScore) {
      bestScore = score;
      best = lag;
    }
  }
  return best;
}

function power(samples: Int16Array, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += samples[i]! * samples[i]!;
  return sum / count;
}
