/** Comfort noise (RFC 3389): what a far end that falls silent says its silence sounds like, made audible. */

/** Reflection coefficients that are followed; more is spectral detail that nobody hears in noise. */
const MAX_ORDER = 10;
/** Section 3.1: 127 is silence, and the most significant bit is 0. */
const LOUDEST_KEPT = 30;
/** Level follows a new description by this share a frame: an update is not heard as a step. */
const GLIDE = 0.25;

/** One stream's noise. Nothing here is random in earnest: the same noise each time serves. */
export class ComfortNoise {
  readonly #reflection = new Float64Array(MAX_ORDER);
  readonly #state = new Float64Array(MAX_ORDER + 1);
  #order = 0;
  #wanted = 0;
  #amplitude = 0;
  #seed = 1;

  /** Follows the description `bytes[start, end)`; false when it is none. Louder than -30 dBov is taken as that: it is noise. */
  describe(bytes: Uint8Array, start: number, end: number): boolean {
    if (end <= start) return false;
    const level = Math.max(LOUDEST_KEPT, bytes[start]! & 0x7f);
    const order = Math.min(MAX_ORDER, end - start - 1);
    let gain = 1;
    for (let i = 0; i < order; i++) {
      // Section 3.2. A coefficient of 1 would ring for ever.
      const k = Math.max(-0.95, Math.min(0.95, (258 * (bytes[start + 1 + i]! - 127)) / 32768));
      this.#reflection[i] = k;
      gain *= 1 - k * k;
    }
    this.#order = order;
    const rms = level === 127 ? 0 : 32767 * 10 ** (-level / 20);
    // A uniform excitation of amplitude a has the power a²/3, and the filter adds what its gain takes off here.
    this.#wanted = rms * Math.sqrt(3 * gain);
    if (this.#amplitude === 0) this.#amplitude = this.#wanted;
    return true;
  }

  /** Writes the next frame of noise into all of `into`. */
  fill(into: Int16Array): void {
    this.#amplitude += (this.#wanted - this.#amplitude) * GLIDE;
    for (let i = 0; i < into.length; i++) {
      this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) | 0;
      const sample = this.#synthesise((this.#seed / 0x8000_0000) * this.#amplitude);
      into[i] = Math.max(-32768, Math.min(32767, Math.round(sample)));
    }
  }

  /** All-pole lattice (section 3.2: the coefficients are those of an LPC synthesis filter). */
  #synthesise(excitation: number): number {
    const state = this.#state;
    let forward = excitation;
    for (let i = this.#order - 1; i >= 0; i--) {
      const k = this.#reflection[i]!;
      forward -= k * state[i]!;
      state[i + 1] = state[i]! + k * forward;
    }
    state[0] = forward;
    return forward;
  }
}
