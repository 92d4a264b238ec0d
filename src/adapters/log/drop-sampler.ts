import type { Millis } from '../../base/clock.ts';

/** At most one line per kind in this time, ms. */
const INTERVAL = 10_000;
/** Kinds that are told apart; what comes beyond is summed as one. */
const MAX_KINDS = 256;

interface Kind {
  writtenAt: Millis;
  pending: number;
}

/** Thins out repeated lines: the first is written, then every ten seconds one with the sum. */
export class DropSampler {
  readonly #kinds = new Map<string, Kind>();

  /** Counts `count` of a kind; the sum to write now, or undefined for not yet. */
  add(key: string, count: number, now: Millis): number | undefined {
    const name = this.#kinds.has(key) || this.#kinds.size < MAX_KINDS ? key : '';
    const kind = this.#kinds.get(name);
    if (kind === undefined) {
      this.#kinds.set(name, { writtenAt: now, pending: 0 });
      return count;
    }
    kind.pending += count;
    if (now - kind.writtenAt < INTERVAL) return undefined;
    const sum = kind.pending;
    kind.writtenAt = now;
    kind.pending = 0;
    return sum;
  }
}
