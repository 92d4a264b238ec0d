/** Sums frames, and takes single ones out again, in 32 bits; only what leaves is brought back to 16 bits. */

/** Below this magnitude the limiter changes nothing: 3 dB under full scale. */
const KNEE = 23197;
const HEADROOM = 32767 - KNEE;

/** Adds `frame` to `sum`, sample by sample. */
export function addInto(sum: Int32Array, frame: Int16Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + frame[i]!;
}

/**
 * Brings one summed sample into 16 bits: untouched up to -3 dB, above that bent so that it nears full scale and
 * never reaches it. The curve and its slope are continuous at the knee, so loud passages round off and do not crackle.
 */
export function limitSample(value: number): number {
  if (value > KNEE) return Math.round(KNEE + HEADROOM * (1 - HEADROOM / (HEADROOM + value - KNEE)));
  if (value < -KNEE) return -Math.round(KNEE + HEADROOM * (1 - HEADROOM / (HEADROOM - value - KNEE)));
  return value;
}

/** Writes the limited sum into `out`. */
export function limitInto(sum: Int32Array, out: Int16Array): void {
  for (let i = 0; i < out.length; i++) {
    const value = sum[i]!;
    out[i] = value > KNEE || value < -KNEE ? limitSample(value) : value;
  }
}

/** Writes the limited sum without `own` into `out`: what everybody but the owner of `own` says. */
export function mixMinusInto(sum: Int32Array, own: Int16Array, out: Int16Array): void {
  for (let i = 0; i < out.length; i++) {
    const value = sum[i]! - own[i]!;
    out[i] = value > KNEE || value < -KNEE ? limitSample(value) : value;
  }
}
