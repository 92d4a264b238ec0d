import type { MediumName } from './packets.ts';

/** What the bench asks of its children. */
export type SfuQuestion =
  /** The load: everybody's socket. */
  | {
      readonly ask: 'listen';
      readonly medium: MediumName;
      readonly rooms: number;
      readonly subscribers: number;
    }
  | {
      readonly ask: 'open';
      readonly medium: MediumName;
      readonly rooms: number;
      readonly subscribers: number;
    }
  | {
      readonly ask: 'run';
      readonly medium: MediumName;
      readonly rooms: number;
      readonly port: number;
      readonly seconds: number;
    }
  | { readonly ask: 'usage' }
  | { readonly ask: 'stop' };

/** Of the gateway's process, since its start. */
export interface SfuUsage {
  readonly cpuUs: number;
  readonly systemUs: number;
  readonly at: number;
  readonly rss: number;
  readonly forwarded: number;
  /** CPU that opening everybody took, ms. */
  readonly openMs: number;
}

/** What the subscribers got. */
export interface LoadReport {
  readonly received: number;
}
