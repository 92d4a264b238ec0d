import type { Millis } from '../../base/clock.ts';

/** Packets whose fate is waited for: seconds of a fast connection. A power of two. */
const SIZE = 4096;

/** What a packet was that feedback speaks of. */
export interface SentRecord {
  sentAt: Millis;
  bytes: number;
  /** The probe that it belongs to; 0: none. */
  probe: number;
}

/** What was sent with which transport-wide number, until feedback tells its fate. */
export class SentHistory {
  readonly #numbers = new Int32Array(SIZE).fill(-1);
  readonly #sentAt = new Float64Array(SIZE);
  readonly #bytes = new Int32Array(SIZE);
  readonly #probes = new Int32Array(SIZE);
  readonly #found: SentRecord = { sentAt: 0, bytes: 0, probe: 0 };

  sent(sequence: number, bytes: number, probe: number, now: Millis): void {
    const at = sequence & (SIZE - 1);
    this.#numbers[at] = sequence;
    this.#sentAt[at] = now;
    this.#bytes[at] = bytes;
    this.#probes[at] = probe;
  }

  /** The packet of that number, once; the object is used again by the next call. */
  take(sequence: number): SentRecord | undefined {
    const at = sequence & (SIZE - 1);
    if (this.#numbers[at] !== sequence) return undefined;
    this.#numbers[at] = -1;
    this.#found.sentAt = this.#sentAt[at]!;
    this.#found.bytes = this.#bytes[at]!;
    this.#found.probe = this.#probes[at]!;
    return this.#found;
  }
}
