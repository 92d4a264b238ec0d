/** Packets at most that are sent at once (RFC 9260 section 6.1, Max.Burst). */
const MAX_BURST = 4;
/** The window grows no further: what data channels need on any line, and little for who never acknowledges. */
const MAX_WINDOW = 256 << 10;

/** How much may be under way (RFC 9260 section 7.2); bytes of user data. */
export class CongestionWindow {
  size: number;
  readonly #mtu: number;
  #slowStartThreshold = Number.POSITIVE_INFINITY;
  #partialBytes = 0;
  /** Recovery from a loss ends when this TSN is acknowledged. */
  #recoverUntil: number | undefined;

  /** `mtu`: bytes of a full packet. */
  constructor(mtu: number) {
    this.#mtu = mtu;
    // RFC 9260 section 7.2.1.
    this.size = Math.min(4 * mtu, Math.max(2 * mtu, 4404));
  }

  get isRecovering(): boolean {
    return this.#recoverUntil !== undefined;
  }

  /** What may be under way when `inFlight` is: the window, but no burst. */
  limit(inFlight: number): number {
    return Math.min(this.size, inFlight + MAX_BURST * this.#mtu);
  }

  /** `bytes` were acknowledged while the window was `use`d up or not, and `cumulative` is the highest TSN without a gap. */
  acknowledged(bytes: number, cumulative: number, use: 'full' | 'partial'): void {
    if (this.#recoverUntil !== undefined) {
      if (((cumulative - this.#recoverUntil) | 0) < 0) return;
      this.#recoverUntil = undefined;
    }
    if (use === 'partial' || bytes === 0) return;
    if (this.size <= this.#slowStartThreshold) this.#grow(Math.min(bytes, this.#mtu));
    else {
      this.#partialBytes += bytes;
      if (this.#partialBytes < this.size) return;
      this.#partialBytes -= this.size;
      this.#grow(this.#mtu);
    }
  }

  /** A loss was seen by what came after it; `highest` is the last TSN sent. Once per recovery (RFC 9260 section 7.2.4). */
  lost(highest: number): void {
    if (this.#recoverUntil !== undefined) return;
    this.#recoverUntil = highest;
    this.#slowStartThreshold = Math.max(this.size / 2, 4 * this.#mtu);
    this.size = this.#slowStartThreshold;
    this.#partialBytes = 0;
  }

  /** Nothing came in time (RFC 9260 section 7.2.3). */
  timedOut(): void {
    this.#recoverUntil = undefined;
    this.#slowStartThreshold = Math.max(this.size / 2, 4 * this.#mtu);
    this.size = this.#mtu;
    this.#partialBytes = 0;
  }

  #grow(bytes: number): void {
    this.size = Math.min(MAX_WINDOW, this.size + bytes);
  }
}
