/** What the bench says to its two children, and they to it. */
import type { SrtpProfile } from '../../../src/rtp/srtp/key-derivation.ts';

export type GatewayQuestion =
  | {
      readonly ask: 'open';
      readonly rooms: number;
      readonly legs: number;
      readonly loadPort: number;
      /** How all phones protect their packets; undefined: not at all. */
      readonly srtp?: SrtpProfile | undefined;
    }
  | { readonly ask: 'usage' }
  | { readonly ask: 'stop' };

export interface Usage {
  /** CPU time of the process since it began, µs, all threads. */
  readonly cpuUs: number;
  /** The kernel's part of it. */
  readonly systemUs: number;
  readonly at: number;
  readonly rss: number;
  readonly lateTicks: number;
}

export type GatewayAnswer = { readonly ports: readonly number[] } | Usage;

export type LoadQuestion =
  | { readonly ask: 'port' }
  | {
      readonly ask: 'run';
      /** The gateway's ports; leg `i` is in room `i % rooms`. */
      readonly ports: readonly number[];
      readonly rooms: number;
      /** The first so many legs of each room talk. */
      readonly talkers: number;
      readonly warmupMs: number;
      readonly seconds: number;
      readonly srtp?: SrtpProfile | undefined;
    }
  | { readonly ask: 'stop' };

export interface LoadReport {
  /** Packets that the gateway should have sent in the window, and those that came. */
  readonly expected: number;
  readonly received: number;
  /** Holes in the sequence numbers. */
  readonly lost: number;
  /** Times between two packets of one leg over 40 ms, and the longest, ms. */
  readonly gaps: number;
  readonly longestGapMs: number;
  /** Legs that heard every talker of their room but themselves, of those that were listened to. */
  readonly heardAll: number;
  readonly listened: number;
  /** From the microphone to the ear without the ear's jitter buffer, ms: 20 ms of packet included. */
  /** Null: nobody listened who does not talk himself. */
  readonly latencyMs: { readonly p50: number | null; readonly p95: number | null };
  /** CPU of the generator, cores. */
  readonly cores: number;
  /** The generator's own packets that went out over 10 ms late: then the numbers are its fault. */
  readonly ownLate: number;
}

export type LoadAnswer = { readonly port: number } | { readonly started: true } | LoadReport;
