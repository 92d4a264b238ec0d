import type { Way } from './ways.ts';

/** What numbered messages met on a way, there and back. */
export interface Measured {
  readonly sent: number;
  readonly back: number;
  /** Median and the slowest of what came back, ms; 0 when nothing did. */
  readonly rttMs: number;
  readonly slowestMs: number;
}

/** What came of trying one way. `detail`: why it did not work, as far as that can be told; may be empty. */
export type Finding =
  | { readonly way: Way; readonly works: true; readonly measured: Measured }
  | { readonly way: Way; readonly works: false; readonly detail: string };

/** Sums up the round trips, in ms, of `sent` messages. */
export function measure(sent: number, roundTrips: readonly number[]): Measured {
  const sorted = [...roundTrips].sort((a, b) => a - b);
  const rttMs = sorted[sorted.length >> 1] ?? 0;
  return { sent, back: sorted.length, rttMs, slowestMs: sorted.at(-1) ?? 0 };
}

/** Share of messages that did not come back, 0 … 1. */
export function lossOf({ sent, back }: Measured): number {
  return sent === 0 ? 0 : (sent - back) / sent;
}
