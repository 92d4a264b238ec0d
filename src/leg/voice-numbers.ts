/**
 * Sequence numbers of a phone's voice as if nothing else had been between: keys and comfort noise use numbers of the
 * same stream, never reach a browser, and would look to it like losses.
 */
import { sequenceDelta } from '../base/sequence.ts';

/** So many numbers are remembered one by one, for packets of voice that come out of order … */
const REMEMBERED = 16;
/** … and no longer than this many packets. */
const REACH = 1024;

/** One stream's numbers. */
export class VoiceNumbers {
  #ssrc = -1;
  #removed = 0;
  /** The last numbers taken out, oldest first. */
  readonly #last: number[] = [];

  /** A packet that is no voice has taken `sequence`. Twice the same counts once. */
  remove(ssrc: number, sequence: number): void {
    this.#follow(ssrc);
    if (this.#last.includes(sequence)) return;
    this.#last.push(sequence);
    if (this.#last.length > REMEMBERED) this.#settle();
  }

  /** The number of a packet of voice without those that were taken out before it. */
  map(ssrc: number, sequence: number): number {
    this.#follow(ssrc);
    while (this.#last.length > 0 && sequenceDelta(this.#last[0]!, sequence) < -REACH) this.#settle();
    let removed = this.#removed;
    for (const other of this.#last) if (sequenceDelta(other, sequence) < 0) removed++;
    return (sequence - removed) & 0xffff;
  }

  #settle(): void {
    this.#last.shift();
    this.#removed = (this.#removed + 1) & 0xffff;
  }

  #follow(ssrc: number): void {
    if (ssrc === this.#ssrc) return;
    this.#ssrc = ssrc;
    this.#removed = 0;
    this.#last.length = 0;
  }
}
