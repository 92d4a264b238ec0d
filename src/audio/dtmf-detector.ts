/**
 * Keys that a phone plays as tones into its voice (ITU-T Q.23), heard by Goertzel's algorithm within the tolerances of ITU-T Q.24,
 * in blocks of 12.75 ms that overlap by half. A key begins with four blocks in a row that are nothing but its two tones, of the
 * same strength and at the right frequencies, which the phases of blocks tell: what keeps speech from being taken for keys.
 */
import type { MixRate } from './voice-format.ts';

/** Row by row; ITU-T Q.23 section 2. */
const KEYS = '123A456B789C*0#D';
const TONES = [697, 770, 852, 941, 1209, 1336, 1477, 1633] as const;
/** Tones of a group. */
const GROUP = 4;

/** Samples of half a block at 8 kHz: four blocks lie within any 40 ms, and none are within 20 ms (Q.24, signal duration). */
const HALF = 51;
const HALF_MS = HALF / 8;
const BEGINS = 4;
/** Peak of the weaker tone: -40 dBm0, where a sine of 0 dBm0 peaks at 22,831. */
const QUIETEST = 228;
/** How much louder than the low tone the high one may be, and the reverse, in power: 8 dB and 10 dB, of which 2 dB are what blurs. */
const MOST_TWIST = 10 ** 0.8;
const MOST_REVERSE_TWIST = 10 ** 1;
/** How far a tone stands out from the others of its group, in power: 7 dB. */
const STANDS_OUT = 10 ** 0.7;
/** Part of a block's power that is the two tones'. */
const PURE = 0.68;
/** How a tone's power may change from one block to the next but one. */
const MOST_CHANGE = 2.5;
/** What a key's frequencies may be off by: 1.5 % must, 3.5 % must not pass (Q.24, frequency tolerance). */
const MOST_DEVIATION = 0.025;
/** Blocks without the key that end it: an interruption of 20 ms has five at the most, a pause of 35 ms six at least (Q.24, pause). */
const RELEASE = 6;

/** A key that was played and let go. */
export interface PlayedKey {
  /** `0` … `9`, `*`, `#`, `A` … `D`. */
  readonly digit: string;
  readonly durationMs: number;
}

/** A block: its key, or -1, and of its two tones phase and power. */
class Block {
  key = -1;
  lowPhase = 0;
  highPhase = 0;
  lowPower = 0;
  highPower = 0;
}

/** Listens to one voice. Silence costs a sum of squares. */
export class DtmfDetector {
  readonly #half: Float64Array;
  readonly #seconds: number;
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  /** By how much the first half of a block turns until its end. */
  readonly #turnCos: Float64Array;
  readonly #turnSin: Float64Array;
  /** Of the last half block, and of the block that it ends. */
  readonly #real = new Float64Array(TONES.length);
  readonly #imaginary = new Float64Array(TONES.length);
  readonly #blockReal = new Float64Array(TONES.length);
  readonly #blockImaginary = new Float64Array(TONES.length);
  readonly #power = new Float64Array(TONES.length);
  #energy = 0;
  #energyBefore = 0;
  #filled = 0;
  /** The latest, the one before, and that before it. */
  #blocks: [Block, Block, Block] = [new Block(), new Block(), new Block()];
  /** Blocks in a row that are one key's. */
  #hits = 0;
  /** The key that sounds, or -1; blocks since it began, and the last of them that were not its own. */
  #key = -1;
  #lasted = 0;
  #missed = 0;

  constructor(rate: MixRate) {
    this.#half = new Float64Array((HALF * rate) / 8000);
    this.#seconds = (2 * this.#half.length) / rate;
    const each = (of: (angle: number) => number, samples: number) =>
      Float64Array.from(TONES, (hz) => of((2 * Math.PI * hz * samples) / rate));
    this.#cos = each(Math.cos, 1);
    this.#sin = each(Math.sin, 1);
    this.#turnCos = each(Math.cos, this.#half.length);
    this.#turnSin = each(Math.sin, this.#half.length);
  }

  /** A key's tones are heard now. */
  get sounding(): boolean {
    return this.#key !== -1;
  }

  /** Takes up to 20 ms; answers a key that was let go meanwhile. */
  push(samples: Int16Array): PlayedKey | undefined {
    let ended: PlayedKey | undefined;
    const half = this.#half;
    for (let i = 0; i < samples.length; i++) {
      const sample = samples[i]!;
      this.#energy += sample * sample;
      half[this.#filled++] = sample;
      if (this.#filled < half.length) continue;
      this.#filled = 0;
      // A key takes 26 ms at least: no two can end here.
      ended = this.#decide() ?? ended;
    }
    return ended;
  }

  /** Half a block is full, and with it a block. */
  #decide(): PlayedKey | undefined {
    const [before, twoBefore, now] = this.#blocks;
    this.#blocks = [now, before, twoBefore];
    this.#look(now);
    this.#energyBefore = this.#energy;
    this.#energy = 0;
    let ended: PlayedKey | undefined;
    if (this.#key !== -1) {
      this.#lasted++;
      this.#missed = now.key === this.#key ? 0 : this.#missed + 1;
      if (this.#missed === RELEASE) ended = this.#finish();
    }
    if (now.key === -1) this.#hits = 0;
    else if (now.key !== before.key) this.#hits = 1;
    else if (this.#hits < 2 || this.#isSteady(now, twoBefore)) this.#hits++;
    else this.#hits = 1;
    if (this.#hits >= BEGINS && now.key !== this.#key) {
      ended = this.#finish() ?? ended;
      this.#key = now.key;
      this.#lasted = BEGINS + 1;
      this.#missed = 0;
    }
    return ended;
  }

  #finish(): PlayedKey | undefined {
    if (this.#key === -1) return undefined;
    const digit = KEYS[this.#key]!;
    this.#key = -1;
    return { digit, durationMs: Math.round((this.#lasted - this.#missed) * HALF_MS) };
  }

  /** Whether both tones went on for a block's length as they should, `before` being the block that `now` follows on. */
  #isSteady(now: Block, before: Block): boolean {
    return (
      alike(now.lowPower, before.lowPower) &&
      alike(now.highPower, before.highPower) &&
      this.#isTrue(TONES[now.key >> 2]!, now.lowPhase - before.lowPhase) &&
      this.#isTrue(TONES[GROUP + (now.key & 3)]!, now.highPhase - before.highPhase)
    );
  }

  /** Whether a tone whose phase turned by `turn` in a block is one of `hz`. */
  #isTrue(hz: number, turn: number): boolean {
    const cycles = turn / (2 * Math.PI) - hz * this.#seconds;
    return Math.abs(cycles - Math.round(cycles)) <= MOST_DEVIATION * hz * this.#seconds;
  }

  /** Finds the key of the block that ends now. */
  #look(block: Block): void {
    block.key = -1;
    const half = this.#half.length;
    // Too quiet for both tones; what is heard next begins a block.
    if (this.#energy < (QUIETEST * QUIETEST * half) / 2) {
      this.#real.fill(0);
      this.#imaginary.fill(0);
      return;
    }
    this.#goertzel(0);
    this.#goertzel(GROUP);
    const low = this.#loudest(0);
    const high = this.#loudest(GROUP);
    if (low === -1 || high === -1) return;
    const lowPower = this.#power[low]!;
    const highPower = this.#power[high]!;
    // Of a sine of peak `a` in `2 * half` samples it is (a * half)².
    const least = (QUIETEST * half) ** 2;
    if (lowPower < least || highPower < least) return;
    if (highPower > lowPower * MOST_TWIST || lowPower > highPower * MOST_REVERSE_TWIST) return;
    if ((lowPower + highPower) / half < PURE * (this.#energy + this.#energyBefore)) return;
    block.key = low * GROUP + (high - GROUP);
    block.lowPower = lowPower;
    block.highPower = highPower;
    block.lowPhase = Math.atan2(this.#blockImaginary[low]!, this.#blockReal[low]!);
    block.highPhase = Math.atan2(this.#blockImaginary[high]!, this.#blockReal[high]!);
  }

  /** The four tones of a group, side by side: a processor works on all at once. */
  #goertzel(from: number): void {
    const half = this.#half;
    const cos = this.#cos;
    const [a, b, c, d] = [2 * cos[from]!, 2 * cos[from + 1]!, 2 * cos[from + 2]!, 2 * cos[from + 3]!];
    let [a1, a2, b1, b2, c1, c2, d1, d2] = [0, 0, 0, 0, 0, 0, 0, 0];
    for (let i = 0; i < half.length; i++) {
      const sample = half[i]!;
      const a0 = sample + a * a1 - a2;
      const b0 = sample + b * b1 - b2;
      const c0 = sample + c * c1 - c2;
      const d0 = sample + d * d1 - d2;
      a2 = a1;
      a1 = a0;
      b2 = b1;
      b1 = b0;
      c2 = c1;
      c1 = c0;
      d2 = d1;
      d1 = d0;
    }
    this.#join(from, a1, a2);
    this.#join(from + 1, b1, b2);
    this.#join(from + 2, c1, c2);
    this.#join(from + 3, d1, d2);
  }

  /** A tone of the last half block, and with the half before it of the block. */
  #join(tone: number, one: number, two: number): void {
    const real = one - two * this.#cos[tone]!;
    const imaginary = two * this.#sin[tone]!;
    const [turnCos, turnSin] = [this.#turnCos[tone]!, this.#turnSin[tone]!];
    const [realBefore, imaginaryBefore] = [this.#real[tone]!, this.#imaginary[tone]!];
    const blockReal = real + realBefore * turnCos - imaginaryBefore * turnSin;
    const blockImaginary = imaginary + realBefore * turnSin + imaginaryBefore * turnCos;
    this.#real[tone] = real;
    this.#imaginary[tone] = imaginary;
    this.#blockReal[tone] = blockReal;
    this.#blockImaginary[tone] = blockImaginary;
    this.#power[tone] = blockReal * blockReal + blockImaginary * blockImaginary;
  }

  /** The tone of a group that stands out, or -1. */
  #loudest(from: number): number {
    const power = this.#power;
    let best = from;
    for (let i = from + 1; i < from + GROUP; i++) if (power[i]! > power[best]!) best = i;
    for (let i = from; i < from + GROUP; i++)
      if (i !== best && power[i]! * STANDS_OUT > power[best]!) return -1;
    return best;
  }
}

function alike(one: number, other: number): boolean {
  return one <= other * MOST_CHANGE && other <= one * MOST_CHANGE;
}
