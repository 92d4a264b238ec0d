import { timestampDelta as tsnDelta } from '../base/sequence.ts';
import { sackChunk } from './chunks.ts';

/** How far beyond the cumulative TSN a gap block can speak of (RFC 9260 section 3.3.4): offsets are of 16 bits. */
const FARTHEST = 0xffff;
/** What one SACK tells at most, so that it fits a packet: the stretches nearest to the cumulative TSN count. */
const MAX_GAPS = 128;
const MAX_DUPLICATES = 32;

/** TSNs from `first` to `last`, both among them. */
interface Stretch {
  first: number;
  last: number;
}

/**
 * Which TSNs of a peer's came: the receiving half's ledger (RFC 9260 section 6.2), across the wrap of 32 bits. Bounded by how far a
 * SACK can speak.
 */
export class ReceivedTsns {
  /** All up to this one came, or will not come (RFC 3758). */
  #cumulative = 0;
  /** What came beyond, in order, no two of them touching, none touching the cumulative TSN. */
  #beyond: Stretch[] = [];
  #duplicates: number[] = [];

  /** Before the first DATA: the peer's initial TSN less one. */
  begin(cumulative: number): void {
    this.#cumulative = cumulative >>> 0;
    this.#beyond = [];
    this.#duplicates = [];
  }

  get cumulative(): number {
    return this.#cumulative;
  }

  /** Stretches beyond the cumulative TSN: each is kept apart. */
  get stretches(): number {
    return this.#beyond.length;
  }

  /** A DATA chunk has come. Only what is `new` may be looked at. */
  take(tsn: number): 'new' | 'duplicate' | 'too-far' {
    const offset = tsnDelta(tsn, this.#cumulative);
    if (offset > FARTHEST) return 'too-far';
    // Most come at the end: the first stretch, from behind, that does not lie behind the chunk.
    let at = this.#beyond.length;
    while (at > 0 && tsnDelta(this.#beyond[at - 1]!.first, tsn) > 0) at--;
    const before = this.#beyond[at - 1];
    if (offset <= 0 || (before !== undefined && tsnDelta(before.last, tsn) >= 0)) {
      if (this.#duplicates.length < MAX_DUPLICATES) this.#duplicates.push(tsn >>> 0);
      return 'duplicate';
    }
    this.#insert(at, tsn >>> 0);
    this.#advance();
    return 'new';
  }

  /** Nothing up to `tsn` is waited for any more (RFC 3758 section 3.6). False: that was so already. */
  forward(tsn: number): boolean {
    if (tsnDelta(tsn, this.#cumulative) <= 0) return false;
    this.#cumulative = tsn >>> 0;
    while (this.#beyond.length > 0 && tsnDelta(this.#beyond[0]!.last, tsn) <= 0) this.#beyond.shift();
    this.#advance();
    return true;
  }

  /** What to tell the peer, who has room for `window` bytes; duplicates are told once. */
  sack(window: number): Uint8Array {
    const gaps = this.#beyond
      .slice(0, MAX_GAPS)
      .map(
        ({ first, last }) => [tsnDelta(first, this.#cumulative), tsnDelta(last, this.#cumulative)] as const,
      );
    return sackChunk(this.#cumulative, window, gaps, this.#duplicates.splice(0));
  }

  /** Between the stretches `at - 1` and `at`, which it may close up. */
  #insert(at: number, tsn: number): void {
    const before = this.#beyond[at - 1];
    const after = this.#beyond[at];
    const extends_ = before !== undefined && tsnDelta(tsn, before.last) === 1;
    const precedes = after !== undefined && tsnDelta(after.first, tsn) === 1;
    if (extends_ && precedes) {
      before.last = after.last;
      this.#beyond.splice(at, 1);
    } else if (extends_) before.last = tsn;
    else if (precedes) after.first = tsn;
    else this.#beyond.splice(at, 0, { first: tsn, last: tsn });
  }

  /** Takes in the stretch that the cumulative TSN has come to. */
  #advance(): void {
    const first = this.#beyond[0];
    if (first === undefined || tsnDelta(first.first, this.#cumulative) > 1) return;
    this.#cumulative = first.last;
    this.#beyond.shift();
  }
}
