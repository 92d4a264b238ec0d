import type { Clock, Millis } from '../base/clock.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';

/** One media frame: all of a worker's audio runs at this pace. */
export const TICK_MS: Millis = 20;
/** After a stall (a suspended machine) so many frames are caught up with at once; what is older is given up. */
const MAX_CATCH_UP = 5;
/** A tick that starts later than this is counted. */
const LATE_MS: Millis = 10;

/**
 * The one media tick of a worker: a grid of 20 ms that does not drift, for each tick is asked for by its place on the
 * grid and not by the last one's time. Runs only while something needs it.
 */
export class Ticker {
  readonly #timers: Timers;
  readonly #clock: Clock;
  readonly #tick: (now: Millis) => void;
  #alarm: Alarm | undefined;
  #due: Millis = 0;
  /** Ticks that started over 10 ms late, since the process began. */
  late = 0;

  constructor(options: { timers: Timers; clock: Clock; tick: (now: Millis) => void }) {
    this.#timers = options.timers;
    this.#clock = options.clock;
    this.#tick = options.tick;
  }

  /** Harmless when it runs already. */
  start(): void {
    if (this.#alarm !== undefined) return;
    this.#due = this.#clock.now() + TICK_MS;
    this.#arm();
  }

  stop(): void {
    this.#timers.cancel(this.#alarm);
    this.#alarm = undefined;
  }

  #arm(): void {
    this.#alarm = this.#timers.schedule(this.#due, (now) => this.#ring(now));
  }

  #ring(now: Millis): void {
    this.#alarm = undefined;
    if (now - this.#due > LATE_MS) this.late++;
    const behind = Math.floor((now - this.#due) / TICK_MS);
    if (behind >= MAX_CATCH_UP) this.#due += (behind - MAX_CATCH_UP + 1) * TICK_MS;
    // Armed first: a tick that finds nothing left to do stops it.
    const from = this.#due;
    const frames = Math.floor((now - from) / TICK_MS) + 1;
    this.#due = from + frames * TICK_MS;
    this.#arm();
    for (let i = 0; i < frames && this.#alarm !== undefined; i++) this.#tick(from + i * TICK_MS);
  }
}
