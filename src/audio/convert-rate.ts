/**
 * Brings a whole recording to another sample rate, any to any: a windowed sinc at each output sample's place in the input.
 * For files that are read once; streams have {@link Resampler}.
 */

/** Zero crossings of the sinc on each side. */
const LOBES = 16;
/** Steps of the kernel's table between two zero crossings. */
const STEPS = 256;
/** Of the lower rate's half, what passes. */
const PASS = 0.92;

const KERNEL = kernel();

/** `samples` of `from` Hz at `to` Hz; the same array when the rates are the same. */
export function convertRate(samples: Int16Array, from: number, to: number): Int16Array {
  if (from === to) return samples;
  const out = new Int16Array(Math.round((samples.length * to) / from));
  // In input samples: going down, the kernel is stretched so that it cuts at the new rate's half.
  const scale = PASS * Math.min(1, to / from);
  const reach = LOBES / scale;
  for (let i = 0; i < out.length; i++) {
    const middle = (i * from) / to;
    const first = Math.max(0, Math.ceil(middle - reach));
    const last = Math.min(samples.length - 1, Math.floor(middle + reach));
    let sum = 0;
    for (let at = first; at <= last; at++) sum += samples[at]! * weight(Math.abs(at - middle) * scale);
    out[i] = Math.max(-32768, Math.min(32767, Math.round(sum * scale)));
  }
  return out;
}

/** The kernel at `x` zero crossings from its middle, between two entries of the table. */
function weight(x: number): number {
  const place = x * STEPS;
  const at = Math.floor(place);
  const before = KERNEL[at]!;
  return before + (KERNEL[at + 1]! - before) * (place - at);
}

/** Half of a Blackman-windowed sinc, and an entry beyond its end. */
function kernel(): Float64Array {
  const table = new Float64Array(LOBES * STEPS + 2);
  for (let i = 0; i <= LOBES * STEPS; i++) {
    const x = i / STEPS;
    const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    const angle = (Math.PI * x) / LOBES;
    table[i] = sinc * (0.42 + 0.5 * Math.cos(angle) + 0.08 * Math.cos(2 * angle));
  }
  return table;
}
