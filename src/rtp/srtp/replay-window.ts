/** Packets behind the newest that are still told apart; video's retransmissions come hundreds of packets late. */
const WINDOW = 1024;

/**
 * Which packet indices were taken already (RFC 3711 section 3.3.2: a window of at least 64). Asking changes nothing;
 * {@link ReplayWindow.accept} is called after authentication only.
 */
export class ReplayWindow {
  readonly #bits = new Int32Array(WINDOW / 32);
  #highest = -1;

  /** The highest index accepted, or -1. */
  get highest(): number {
    return this.#highest;
  }

  /** `fresh` may be accepted; `replayed` was; `old` is too far behind to know, and is treated like it. */
  judge(index: number): 'fresh' | 'replayed' | 'old' {
    if (index > this.#highest) return 'fresh';
    if (index <= this.#highest - WINDOW) return 'old';
    const bit = index % WINDOW;
    return (this.#bits[bit >> 5]! >>> (bit & 31)) & 1 ? 'replayed' : 'fresh';
  }

  accept(index: number): void {
    if (index > this.#highest) {
      if (index - this.#highest >= WINDOW) this.#bits.fill(0);
      else {
        for (let i = this.#highest + 1; i < index; i++) {
          const bit = i % WINDOW;
          this.#bits[bit >> 5] = this.#bits[bit >> 5]! & ~(1 << (bit & 31));
        }
      }
      this.#highest = index;
    }
    const bit = index % WINDOW;
    this.#bits[bit >> 5] = this.#bits[bit >> 5]! | (1 << (bit & 31));
  }
}

/**
 * The 48-bit index that `sequence` most likely has, given the highest index so far (-1: none yet). Negative when it lies
 * before the stream's beginning (RFC 3711 section 3.3.1 and appendix A).
 */
export function estimateIndex(highest: number, sequence: number): number {
  if (highest < 0) return sequence;
  const last = highest % 65536;
  let rollover = (highest - last) / 65536;
  if (last < 32768) {
    if (sequence - last > 32768) rollover--;
  } else if (last - 32768 > sequence) rollover++;
  return rollover * 65536 + sequence;
}
