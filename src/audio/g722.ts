/**
 * G.722 (ITU-T) at 64 kbit/s: 16 kHz split into two sub-bands by a quadrature mirror filter, each coded by adaptive
 * differences: 6 bits below 4 kHz, 2 above. The names of blocks are the Recommendation's. One byte holds two samples;
 * RTP counts 8000 ticks a second all the same (RFC 3551 section 4.5.2), so a byte is a tick. Integer arithmetic as the
 * Recommendation has it, bit by bit.
 */
import { SubBand } from './g722-band.ts';

/** Samples that the filter reaches back. */
const REACH = 22;
/** Samples filtered at once: 60 ms. */
const BLOCK = 960;

/** One stream's encoder. */
export class G722Encoder {
  readonly #low = new SubBand('low');
  readonly #high = new SubBand('high');
  readonly #line = new Float64Array(REACH + BLOCK);

  /** Encodes `from[start, end)`, an even number of samples at 16 kHz, into `into` at `at`; answers the bytes written (as many as fit). */
  encode(from: Int16Array, start: number, end: number, into: Uint8Array, at: number): number {
    const total = Math.max(0, Math.min((end - start) >> 1, into.length - at));
    let done = 0;
    while (done < total) {
      const pairs = Math.min(total - done, BLOCK >> 1);
      this.#block(from, start + 2 * done, pairs, into, at + done);
      done += pairs;
    }
    return total;
  }

  /** Takes over where `other` stands, so that a decoder that followed `other` may go on with this one. */
  adopt(other: G722Encoder): void {
    this.#low.copy(other.#low);
    this.#high.copy(other.#high);
    this.#line.set(other.#line);
  }

  #block(from: Int16Array, start: number, pairs: number, into: Uint8Array, at: number): void {
    const line = this.#line;
    for (let i = 0; i < 2 * pairs; i++) line[REACH + i] = from[start + i]!;
    for (let n = 0; n < pairs; n++) {
      const odd = phase(line, 2 * n);
      const even = mirroredPhase(line, 2 * n + 1);
      // The filter's gain is 4096, two of them are added, and the coder's input has 15 bits.
      const low = this.#low.quantizeLow((even + odd) >> 14);
      const high = this.#high.quantizeHigh((even - odd) >> 14);
      into[at + n] = (high << 6) | low;
    }
    line.copyWithin(0, 2 * pairs, 2 * pairs + REACH);
  }
}

/** One stream's decoder. */
export class G722Decoder {
  readonly #low = new SubBand('low');
  readonly #high = new SubBand('high');
  readonly #line = new Float64Array(REACH + BLOCK);

  /** Decodes `from[start, end)` to twice as many samples at 16 kHz in `into` at `at`; answers the samples written (as many as fit). */
  decode(from: Uint8Array, start: number, end: number, into: Int16Array, at: number): number {
    const total = Math.max(0, Math.min(end - start, (into.length - at) >> 1));
    let done = 0;
    while (done < total) {
      const codes = Math.min(total - done, BLOCK >> 1);
      this.#block(from, start + done, codes, into, at + 2 * done);
      done += codes;
    }
    return 2 * total;
  }

  #block(from: Uint8Array, start: number, codes: number, into: Int16Array, at: number): void {
    const line = this.#line;
    for (let n = 0; n < codes; n++) {
      const code = from[start + n]!;
      const low = this.#low.reconstructLow(code & 0x3f);
      const high = this.#high.reconstructHigh(code >> 6);
      line[REACH + 2 * n] = low + high;
      line[REACH + 2 * n + 1] = low - high;
    }
    for (let n = 0; n < codes; n++) {
      into[at + 2 * n] = clip(mirroredPhase(line, 2 * n + 1) >> 11);
      into[at + 2 * n + 1] = clip(phase(line, 2 * n) >> 11);
    }
    line.copyWithin(0, 2 * codes, 2 * codes + REACH);
  }
}

/** The twelve taps of one phase of the mirror filter (section 3.1) upon every other of `line` from `at` on; written out, it runs thrice as fast. */
function phase(line: Float64Array, at: number): number {
  return (
    3 * line[at]! -
    11 * line[at + 2]! +
    12 * line[at + 4]! +
    32 * line[at + 6]! -
    210 * line[at + 8]! +
    951 * line[at + 10]! +
    3876 * line[at + 12]! -
    805 * line[at + 14]! +
    362 * line[at + 16]! -
    156 * line[at + 18]! +
    53 * line[at + 20]! -
    11 * line[at + 22]!
  );
}

/** The other phase: the same taps from behind. */
function mirroredPhase(line: Float64Array, at: number): number {
  return (
    -11 * line[at]! +
    53 * line[at + 2]! -
    156 * line[at + 4]! +
    362 * line[at + 6]! -
    805 * line[at + 8]! +
    3876 * line[at + 10]! +
    951 * line[at + 12]! -
    210 * line[at + 14]! +
    32 * line[at + 16]! +
    12 * line[at + 18]! -
    11 * line[at + 20]! +
    3 * line[at + 22]!
  );
}

function clip(value: number): number {
  return Math.max(-32768, Math.min(32767, value));
}
