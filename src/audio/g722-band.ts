/**
 * One sub-band of G.722: an adaptive quantiser and a predictor of two poles and six zeros (ITU-T G.722 section 3.2 …
 * 3.6, blocks 1 to 4). Encoder and decoder run the same one, which is how the decoder knows what the encoder predicted.
 */

/** Decision levels of the 6-bit quantiser (table 14). */
const Q6 = Int32Array.of(
  ...[0, 35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121],
  ...[1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919, 0, 0],
);
/** Codes of the 30 intervals, of negative and of positive differences (table 14). */
const CODE_NEGATIVE = Uint8Array.of(
  ...[0, 63, 62, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9],
  ...[8, 7, 6, 5, 4, 0],
);
const CODE_POSITIVE = Uint8Array.of(
  ...[0, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37],
  ...[36, 35, 34, 33, 32, 0],
);
/** Output of the inverse quantisers of 6, 4 and 2 bits (tables 15, 18, 20). */
const INVERSE_6 = Int32Array.of(
  ...[-136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360],
  ...[
    -8576, -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688,
  ],
  ...[-1360, -1040, -728, 24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856],
  ...[
    7192, 6576, 6000, 5456, 4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136,
  ],
  ...[-432, -136],
);
const INVERSE_4 = Int32Array.of(
  ...[0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0],
);
const INVERSE_2 = Int32Array.of(-7408, -1616, 7408, 1616);
/** Steps of the logarithmic scale factor by 4-bit and 2-bit code (tables 16 and 21). */
const LOG_STEP_4 = Int32Array.of(
  ...[-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60],
);
const LOG_STEP_2 = Int32Array.of(798, -214, 798, -214);
/** 2048 times 2 to the power of 0/32 … 31/32 (table 13). */
const POWERS = Int32Array.of(
  ...[2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896],
  ...[2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008],
);
const LOG_MAX = { low: 18_432, high: 22_528 } as const;
const SCALE_SHIFT = { low: 8, high: 10 } as const;
const SCALE_START = { low: 32, high: 8 } as const;

/** A sub-band's state, and a step of it for each code. */
export class SubBand {
  readonly #logMax: number;
  readonly #scaleShift: number;
  /** Scale factor of the quantiser, and its logarithm. */
  #scale: number;
  #log = 0;
  /** What is predicted: of poles and zeros, and of the zeros alone. */
  #predicted = 0;
  #zeros = 0;
  #a1 = 0;
  #a2 = 0;
  #r1 = 0;
  #r2 = 0;
  #p1 = 0;
  #p2 = 0;
  /** Coefficients of the zeros, and the last six differences, the newest first. */
  readonly #b = new Int32Array(6);
  readonly #d = new Int32Array(6);

  constructor(band: 'low' | 'high') {
    this.#logMax = LOG_MAX[band];
    this.#scaleShift = SCALE_SHIFT[band];
    this.#scale = SCALE_START[band];
  }

  copy(other: SubBand): void {
    this.#scale = other.#scale;
    this.#log = other.#log;
    this.#predicted = other.#predicted;
    this.#zeros = other.#zeros;
    this.#a1 = other.#a1;
    this.#a2 = other.#a2;
    this.#r1 = other.#r1;
    this.#r2 = other.#r2;
    this.#p1 = other.#p1;
    this.#p2 = other.#p2;
    this.#b.set(other.#b);
    this.#d.set(other.#d);
  }

  /** Six bits for the next sample of the lower band (blocks 1L to 4L). */
  quantizeLow(sample: number): number {
    const difference = clip(sample - this.#predicted);
    const size = difference >= 0 ? difference : -(difference + 1);
    let interval = 1;
    while (interval < 30 && size >= (Q6[interval]! * this.#scale) >> 12) interval++;
    const code = difference < 0 ? CODE_NEGATIVE[interval]! : CODE_POSITIVE[interval]!;
    this.#adaptLow(code);
    return code;
  }

  /** Two bits for the next sample of the upper band (blocks 1H to 4H). */
  quantizeHigh(sample: number): number {
    const difference = clip(sample - this.#predicted);
    const size = difference >= 0 ? difference : -(difference + 1);
    const outer = size >= (564 * this.#scale) >> 12;
    const code = difference < 0 ? (outer ? 0 : 1) : outer ? 2 : 3;
    this.#adaptHigh(code);
    return code;
  }

  /** The sample of the lower band that a code stands for (blocks 5L and 6L). */
  reconstructLow(code: number): number {
    const sample = this.#predicted + ((this.#scale * INVERSE_6[code]!) >> 15);
    this.#adaptLow(code);
    return Math.max(-16384, Math.min(16383, sample));
  }

  /** The sample of the upper band that a code stands for. */
  reconstructHigh(code: number): number {
    const sample = this.#predicted + ((this.#scale * INVERSE_2[code]!) >> 15);
    this.#adaptHigh(code);
    return Math.max(-16384, Math.min(16383, sample));
  }

  /** The predictor follows four of the six bits only, so that the others may be stolen for data. */
  #adaptLow(code: number): void {
    const difference = (this.#scale * INVERSE_4[code >> 2]!) >> 15;
    this.#rescale(LOG_STEP_4[code >> 2]!);
    this.#predict(difference);
  }

  #adaptHigh(code: number): void {
    const difference = (this.#scale * INVERSE_2[code]!) >> 15;
    this.#rescale(LOG_STEP_2[code]!);
    this.#predict(difference);
  }

  /** Blocks 3: LOGSCL and SCALEL, LOGSCH and SCALEH. */
  #rescale(step: number): void {
    const log = ((this.#log * 127) >> 7) + step;
    this.#log = Math.max(0, Math.min(this.#logMax, log));
    const power = POWERS[(this.#log >> 6) & 31]!;
    const shift = this.#scaleShift - (this.#log >> 11);
    this.#scale = (shift < 0 ? power << -shift : power >> shift) << 2;
  }

  /** Block 4: RECONS, PARREC, UPPOL2, UPPOL1, UPZERO, DELAYA, FILTEP, FILTEZ, PREDIC. */
  #predict(difference: number): void {
    const r0 = clip(this.#predicted + difference);
    const p0 = clip(this.#zeros + difference);
    const sign = p0 >> 15;
    const sameAsLast = sign === this.#p1 >> 15;
    const raised = clip(this.#a1 << 2);
    const turned = sameAsLast ? (raised === -32768 ? 32767 : -raised) : raised;
    let a2 = (sign === this.#p2 >> 15 ? 128 : -128) + (turned >> 7) + ((this.#a2 * 32512) >> 15);
    a2 = Math.max(-12288, Math.min(12288, a2));
    let a1 = clip((sameAsLast ? 192 : -192) + ((this.#a1 * 32640) >> 15));
    const limit = clip(15360 - a2);
    a1 = Math.max(-limit, Math.min(limit, a1));
    this.#a1 = a1;
    this.#a2 = a2;
    this.#r2 = this.#r1;
    this.#r1 = r0;
    this.#p2 = this.#p1;
    this.#p1 = p0;
    const zeros = this.#moveZeros(difference);
    const poles = clip(((a1 * clip(2 * r0)) >> 15) + ((a2 * clip(2 * this.#r2)) >> 15));
    this.#zeros = zeros;
    this.#predicted = clip(poles + zeros);
  }

  /** Adapts the six zeros, takes the difference in, and answers what they predict. */
  #moveZeros(difference: number): number {
    const b = this.#b;
    const d = this.#d;
    const step = difference === 0 ? 0 : 128;
    const sign = difference >> 15;
    let sum = 0;
    let before = difference;
    for (let i = 0; i < 6; i++) {
      const own = d[i]!;
      // Never out of 16 bits: the leak of 1/256 holds it under 128 * 256.
      const moved = (own >> 15 === sign ? step : -step) + ((b[i]! * 32640) >> 15);
      b[i] = moved;
      d[i] = before;
      sum += (moved * clip(2 * before)) >> 15;
      before = own;
    }
    return clip(sum);
  }
}

function clip(value: number): number {
  return Math.max(-32768, Math.min(32767, value));
}
