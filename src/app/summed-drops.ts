import type { Clock } from '../base/clock.ts';
import type { Timers } from '../base/wake-queue.ts';
import type { DropPlace, GatewayEvent } from '../events/index.ts';
import { DropCounter } from '../media/drop-counter.ts';

const TELL_EVERY_MS = 1000;

/** Sums up what was dropped, and tells it within a second: sockets can fail a thousand times in one. */
export class SummedDrops {
  readonly #sums = new DropCounter();
  readonly #timers: Timers;
  readonly #clock: Clock;
  readonly #emit: (event: Extract<GatewayEvent, { type: 'dropped' }>) => void;
  #waiting = false;

  constructor(
    timers: Timers,
    clock: Clock,
    emit: (event: Extract<GatewayEvent, { type: 'dropped' }>) => void,
  ) {
    this.#timers = timers;
    this.#clock = clock;
    this.#emit = emit;
  }

  count(where: DropPlace, reason: string, count = 1): void {
    this.#sums.count(where, reason, count);
    if (this.#waiting) return;
    this.#waiting = true;
    this.#timers.schedule(this.#clock.now() + TELL_EVERY_MS, () => {
      this.#waiting = false;
      this.#sums.flush((...sum) =>
        this.#emit({ type: 'dropped', where: sum[0], reason: sum[1], count: sum[2] }),
      );
    });
  }

  /** For the sockets of a thread, which belong to `where`. */
  ofSockets(where: DropPlace): { unsent(count: number): void; unwatched(): void } {
    return {
      unsent: (count) => this.count(where, 'unsent', count),
      unwatched: () => this.count(where, 'unwatched'),
    };
  }
}
