/**
 * STOI, the short-time objective intelligibility measure: C. H. Taal, R. C. Hendriks, R. Heusdens, J. Jensen, "An
 * algorithm for intelligibility prediction of time-frequency weighted noisy speech", IEEE TASLP 19(7), 2011. 1: as
 * intelligible as the original; over 0.75 it is understood; noise alone reads 0.4.
 */
import { atRate, fft } from './fourier.ts';

/** All as in section II of the paper. */
const RATE = 10_000;
const WINDOW = 256;
const HOP = WINDOW / 2;
const FFT = 512;
const BANDS = 15;
const LOWEST_HZ = 150;
/** Frames of one intermediate measure: 384 ms. */
const SEGMENT = 30;
/** Signal-to-distortion ratio at which a frame is clipped, dB. */
const BETA = -15;
/** Frames so much under the loudest are silence, dB. */
const DYNAMIC_RANGE = 40;

/** Of `heard` against `original`, both at `rate` Hz and aligned in time. */
export function stoi(original: ArrayLike<number>, heard: ArrayLike<number>, rate: number): number {
  const length = Math.min(original.length, heard.length);
  const cut = (samples: ArrayLike<number>) =>
    atRate(Array.prototype.slice.call(samples, 0, length), rate, RATE);
  const [speech, degraded] = withoutSilence(cut(original), cut(heard));
  const clean = bandEnvelopes(speech);
  const processed = bandEnvelopes(degraded);
  let sum = 0;
  let count = 0;
  for (let from = 0; from + SEGMENT <= clean.length; from++)
    for (let band = 0; band < BANDS; band++) {
      sum += intermediate(clean, processed, from, band);
      count++;
    }
  return count === 0 ? Number.NaN : sum / count;
}

const CLIP = 1 + 10 ** (-BETA / 20);
const x = new Float64Array(SEGMENT);
const y = new Float64Array(SEGMENT);

/** Of one band over one segment: the degraded one brought to the same energy, clipped, and correlated. */
function intermediate(
  clean: readonly Float64Array[],
  processed: readonly Float64Array[],
  from: number,
  band: number,
): number {
  for (let i = 0; i < SEGMENT; i++) {
    x[i] = clean[from + i]![band]!;
    y[i] = processed[from + i]![band]!;
  }
  const scale = norm(x) / (norm(y) + Number.EPSILON);
  for (let i = 0; i < SEGMENT; i++) y[i] = Math.min(y[i]! * scale, x[i]! * CLIP);
  centre(x);
  centre(y);
  let product = 0;
  for (let i = 0; i < SEGMENT; i++) product += x[i]! * y[i]!;
  return product / (norm(x) * norm(y) + Number.EPSILON);
}

function norm(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum);
}

function centre(values: Float64Array): void {
  let mean = 0;
  for (let i = 0; i < values.length; i++) mean += values[i]! / values.length;
  for (let i = 0; i < values.length; i++) values[i] = values[i]! - mean;
}

const HANN = Float64Array.from({ length: WINDOW }, (_, i) => {
  return 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 1)) / (WINDOW + 1));
});

/** Both without the frames in which the original is silent, overlapped and added again. */
function withoutSilence(speech: Float64Array, degraded: Float64Array): [Float64Array, Float64Array] {
  const starts: number[] = [];
  for (let at = 0; at + WINDOW <= speech.length; at += HOP) starts.push(at);
  const levels = starts.map((at) => {
    let sum = 0;
    for (let i = 0; i < WINDOW; i++) sum += (speech[at + i]! * HANN[i]!) ** 2;
    return 10 * Math.log10(sum + 1e-12);
  });
  const loudest = levels.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const kept = starts.filter((_, i) => levels[i]! > loudest - DYNAMIC_RANGE);
  const join = (signal: Float64Array) => {
    const out = new Float64Array(Math.max(0, (kept.length - 1) * HOP + WINDOW));
    kept.forEach((at, n) => {
      for (let i = 0; i < WINDOW; i++) out[n * HOP + i] = out[n * HOP + i]! + signal[at + i]! * HANN[i]!;
    });
    return out;
  };
  return [join(speech), join(degraded)];
}

/** Per frame, the root of the energy in each third of an octave. */
function bandEnvelopes(signal: Float64Array): Float64Array[] {
  const frames: Float64Array[] = [];
  const re = new Float64Array(FFT);
  const im = new Float64Array(FFT);
  for (let at = 0; at + WINDOW <= signal.length; at += HOP) {
    re.fill(0);
    im.fill(0);
    for (let i = 0; i < WINDOW; i++) re[i] = signal[at + i]! * HANN[i]!;
    fft(re, im);
    frames.push(
      Float64Array.from({ length: BANDS }, (_, band) => {
        let sum = 0;
        for (let bin = EDGES[band]![0]; bin < EDGES[band]![1]; bin++) sum += re[bin]! ** 2 + im[bin]! ** 2;
        return Math.sqrt(sum);
      }),
    );
  }
  return frames;
}

const EDGES = Array.from({ length: BANDS }, (_, band): readonly [number, number] => {
  const bin = (hz: number) => Math.round((hz * FFT) / RATE);
  return [bin(LOWEST_HZ * 2 ** ((2 * band - 1) / 6)), bin(LOWEST_HZ * 2 ** ((2 * band + 1) / 6))];
});
