/** How long a stream's packets must wait to be there when they are wanted: learned from when they arrive. */
import type { Millis } from '../base/clock.ts';

/** Bounds of the delay, in ms, and the stream's RTP clock, in Hz. */
export interface JitterOptions {
  readonly clockRate: number;
  readonly minDelayMs: number;
  /** Assumed until something was learned. */
  readonly startDelayMs: number;
  readonly maxDelayMs: number;
}

/** Fit for a phone call over the internet. */
export const DEFAULT_JITTER = { minDelayMs: 10, startDelayMs: 40, maxDelayMs: 200 } as const;

/** The least transit is taken over one to two of these. */
const WINDOW_MS = 5000;
/** Share of the distance to the present lateness by which the peak sinks at each packet: 10 s to 1/e at 50 packets/s. */
const SINK = 0.002;
/** What was assumed before anything was learned sinks as 1/n: it is gone after a second. */
const FIRST_PACKETS = 8;
/** Added to the peak, so that the packet that made it would have been in time. */
const MARGIN_MS = 5;
/** A packet quicker than any of late by more than this came by a shorter way. */
const SHORTER_MS = 20;
/** Playout that is so far behind its target is moved at once, not by and by. */
const HOPELESS_MS = 120;

/** The learned delay of one stream. Timestamps are unwrapped, in ticks of the stream's clock. */
export class PlayoutDelay {
  readonly #options: JitterOptions;
  readonly #msPerTick: number;
  #least = Number.POSITIVE_INFINITY;
  #leastBefore = Number.POSITIVE_INFINITY;
  #windowEnds: Millis = 0;
  #peak: number;
  /** Timestamp of the first packet that came by a shorter way; those before it still came by the longer one. */
  #shorterSince = Number.NEGATIVE_INFINITY;
  #seen = FIRST_PACKETS;

  constructor(options: JitterOptions) {
    this.#options = options;
    this.#msPerTick = 1000 / options.clockRate;
    this.#peak = options.startDelayMs - MARGIN_MS;
  }

  /** The delay aimed at, ms. */
  get targetMs(): number {
    const { minDelayMs, maxDelayMs } = this.#options;
    return Math.min(maxDelayMs, Math.max(minDelayMs, this.#peak + MARGIN_MS));
  }

  /** How much later (ms) than the quickest packet of late one with `timestamp` arrives at `now`; 0 for the first. */
  lateness(now: Millis, timestamp: number): number {
    const base = this.#base;
    return base === Number.POSITIVE_INFINITY ? 0 : now - timestamp * this.#msPerTick - base;
  }

  /** Learns from an arrival. */
  observe(now: Millis, timestamp: number): void {
    const transit = now - timestamp * this.#msPerTick;
    if (transit < this.#base - SHORTER_MS && this.#base !== Number.POSITIVE_INFINITY)
      this.#shorterSince = timestamp;
    if (now >= this.#windowEnds) this.#turn(now, transit);
    else if (transit < this.#least) this.#least = transit;
    // Overtaken on a way that nobody takes any more: how late it is says nothing of those to come.
    if (timestamp < this.#shorterSince) return;
    const lateness = Math.min(this.#options.maxDelayMs, this.lateness(now, timestamp));
    const sink = Math.max(SINK, 1 / ++this.#seen);
    this.#peak = lateness > this.#peak ? lateness : this.#peak + (lateness - this.#peak) * sink;
  }

  /** Another timeline begins with this packet; the jitter of the way here is still what it was. */
  restart(now: Millis, timestamp: number): void {
    this.#leastBefore = Number.POSITIVE_INFINITY;
    this.#least = now - timestamp * this.#msPerTick;
    this.#windowEnds = now + WINDOW_MS;
    this.#shorterSince = Number.NEGATIVE_INFINITY;
  }

  /** When a stream that starts or goes on with this packet should sound. */
  startAt(now: Millis, timestamp: number): Millis {
    const ideal = this.#base + timestamp * this.#msPerTick + this.targetMs;
    return Math.max(now, Math.min(ideal, now + this.targetMs));
  }

  /** Present delay of the sample at `position` minus the delay aimed at, ms. */
  excessMs(now: Millis, position: number): number {
    return now - position * this.#msPerTick - this.#base - this.targetMs;
  }

  /** True when playout is too far behind to catch up gently. */
  hopeless(now: Millis, position: number): boolean {
    return this.excessMs(now, position) > HOPELESS_MS;
  }

  /** The way has become longer when the least of the last window is: nobody was late by that, then. */
  #turn(now: Millis, transit: number): void {
    const before = this.#base;
    this.#leastBefore = this.#least;
    this.#least = transit;
    this.#windowEnds = now + WINDOW_MS;
    const rise = this.#base - before;
    if (rise > 0) this.#peak = Math.max(0, this.#peak - rise);
  }

  get #base(): number {
    return Math.min(this.#least, this.#leastBefore);
  }
}
