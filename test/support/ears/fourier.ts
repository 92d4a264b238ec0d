/** Radix-2 fast Fourier transform in place; the length is a power of two. */
export function fft(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; (j & bit) !== 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j]!, re[i]!];
      [im[i], im[j]] = [im[j]!, im[i]!];
    }
  }
  for (let size = 2; size <= n; size *= 2) {
    const half = size / 2;
    for (let k = 0; k < half; k++) {
      const angle = (-2 * Math.PI * k) / size;
      const cos = Math.cos(angle);
      const sin = Math.sin(angle);
      for (let at = k; at < n; at += size) {
        const other = at + half;
        const real = re[other]! * cos - im[other]! * sin;
        const imaginary = re[other]! * sin + im[other]! * cos;
        re[other] = re[at]! - real;
        im[other] = im[at]! - imaginary;
        re[at] = re[at]! + real;
        im[at] = im[at]! + imaginary;
      }
    }
  }
}

/** `samples` at another rate, by a windowed sinc of 32 zero crossings cut at the lower rate's half. */
export function atRate(samples: ArrayLike<number>, from: number, to: number): Float64Array {
  if (from === to) return Float64Array.from(samples);
  const ratio = from / to;
  const cut = Math.min(1, to / from);
  const reach = 16 / cut;
  const out = new Float64Array(Math.floor(samples.length / ratio));
  for (let i = 0; i < out.length; i++) {
    const centre = i * ratio;
    let sum = 0;
    for (
      let j = Math.max(0, Math.ceil(centre - reach));
      j <= Math.min(samples.length - 1, centre + reach);
      j++
    ) {
      const x = j - centre;
      const sinc = x === 0 ? 1 : Math.sin(Math.PI * cut * x) / (Math.PI * cut * x);
      sum += samples[j]! * sinc * cut * (0.5 + 0.5 * Math.cos((Math.PI * x) / reach));
    }
    out[i] = sum;
  }
  return out;
}
