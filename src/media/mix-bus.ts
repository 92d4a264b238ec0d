import { HalfBandDown, HalfBandUp } from '../audio/half-band.ts';
import { frameLength, type MixRate } from '../audio/voice-format.ts';

/**
 * The sums of a room: what comes at 8 kHz and what comes at 16 kHz, apart, and each brought to the other rate as a
 * whole. So a pair of narrow-band phones hears the same whoever else is in the room, a wide phone that comes or goes is
 * no switch for anybody, and two filters serve a room of any size. All that is at one rate costs nothing at the other.
 */
export class MixBus {
  readonly #narrow = new Int32Array(frameLength(8000));
  readonly #wide = new Int32Array(frameLength(16_000));
  readonly #toNarrow = new Int32Array(frameLength(8000));
  readonly #toWide = new Int32Array(frameLength(16_000));
  readonly #down = new HalfBandDown();
  readonly #up = new HalfBandUp();
  #hasNarrow = false;
  #hasWide = false;

  /** Nothing was said yet in this frame. */
  clear(): void {
    this.#narrow.fill(0);
    this.#wide.fill(0);
    this.#hasNarrow = false;
    this.#hasWide = false;
  }

  /** Adds 20 ms, at the rate that their number tells. */
  add(frame: Int16Array): void {
    const isNarrow = frame.length === this.#narrow.length;
    const sum = isNarrow ? this.#narrow : this.#wide;
    for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + frame[i]!;
    if (isNarrow) this.#hasNarrow = true;
    else this.#hasWide = true;
  }

  /** All that was added, for those who listen at `rate`; ask once a frame, before {@link sum}. */
  finish(rate: MixRate): void {
    if (rate === 8000) {
      this.#toNarrow.set(this.#narrow);
      this.#down.addTo(this.#toNarrow, this.#hasWide ? this.#wide : undefined);
    } else {
      this.#toWide.set(this.#wide);
      this.#up.addTo(this.#toWide, this.#hasNarrow ? this.#narrow : undefined);
    }
  }

  /** What {@link finish} made. */
  sum(rate: MixRate): Int32Array {
    return rate === 8000 ? this.#toNarrow : this.#toWide;
  }
}
