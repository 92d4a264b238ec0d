import type { Clock, Millis } from '../base/clock.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';

/** Ends a call that has been on hold for too long without a break, whoever holds it. */
export class HoldLimit {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #over: () => void;
  #alarm: Alarm | undefined;

  constructor(parts: { readonly clock: Clock; readonly timers: Timers; readonly over: () => void }) {
    this.#clock = parts.clock;
    this.#timers = parts.timers;
    this.#over = parts.over;
  }

  /** The call is on hold from now on, or no more. `limitMs`: how long it may be; 0 or undefined: for ever. */
  changed(held: boolean, limitMs: Millis | undefined): void {
    this.close();
    if (!held || limitMs === undefined || limitMs === 0) return;
    this.#alarm = this.#timers.schedule(this.#clock.now() + limitMs, this.#over);
  }

  /** The call is over. */
  close(): void {
    this.#timers.cancel(this.#alarm);
    this.#alarm = undefined;
  }
}
