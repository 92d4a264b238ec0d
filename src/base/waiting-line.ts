import type { Clock, Millis } from './clock.ts';
import type { Alarm, Timers } from './wake-queue.ts';

/** How long a line that has just been looked at is left alone, ms: who waits for seconds does not mind. */
const CALM = 50;
/** Places that are left empty in front before the others move up. */
const EMPTY = 1024;

/**
 * Those who all wait equally long, in the order in which they came: tens of thousands of them with one alarm, where each would need
 * one of its own and a function for it to call.
 */
export class WaitingLine<T> {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #wait: Millis;
  readonly #over: (item: T) => void;
  #items: (T | undefined)[] = [];
  #until: Millis[] = [];
  /** Before it, all have gone. */
  #first = 0;
  #alarm: Alarm | undefined;

  /** `over` hears of each when it has waited for `wait`, or up to {@link CALM} longer in a line that is long. */
  constructor(clock: Clock, timers: Timers, wait: Millis, over: (item: T) => void) {
    this.#clock = clock;
    this.#timers = timers;
    this.#wait = wait;
    this.#over = over;
  }

  add(item: T): void {
    const until = this.#clock.now() + this.#wait;
    this.#items.push(item);
    this.#until.push(until);
    this.#alarm ??= this.#timers.schedule(until, this.#ring);
  }

  /** Forgets all, silently. */
  clear(): void {
    this.#timers.cancel(this.#alarm);
    this.#alarm = undefined;
    this.#items = [];
    this.#until = [];
    this.#first = 0;
  }

  readonly #ring = (now: Millis): void => {
    try {
      // Whoever is told may add another, or clear the line.
      while (this.#first < this.#items.length && this.#until[this.#first]! <= now) {
        const item = this.#items[this.#first]!;
        this.#items[this.#first++] = undefined;
        this.#over(item);
      }
    } finally {
      this.#timers.cancel(this.#alarm);
      this.#moveUp();
      const next = this.#until[this.#first];
      this.#alarm =
        next === undefined ? undefined : this.#timers.schedule(Math.max(next, now + CALM), this.#ring);
    }
  };

  #moveUp(): void {
    if (this.#first < EMPTY || 2 * this.#first < this.#items.length) return;
    this.#items = this.#items.slice(this.#first);
    this.#until = this.#until.slice(this.#first);
    this.#first = 0;
  }
}
