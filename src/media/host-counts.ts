import type { Millis } from '../base/clock.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { DropCounter } from './drop-counter.ts';
import type { PhoneLegs } from './phone-legs.ts';
import type { MediaEvent, WorkerCounts } from './protocol.ts';
import type { Ticker } from './ticker.ts';
import type { TransportHost } from './transport-host.ts';

/** How often counts are told, ms. */
const COUNT_EVERY: Millis = 1000;

interface HostCountsOptions {
  readonly timers: Timers;
  readonly drops: DropCounter;
  readonly legs: Pick<PhoneLegs, 'totals' | 'tellQuality'>;
  readonly transports: Pick<TransportHost, 'takeCounts'>;
  readonly ticker: Pick<Ticker, 'late'>;
  emit(event: MediaEvent): void;
}

/** Tells once a second what a worker has counted since: packets, what was dropped, late ticks; and how legs fare. */
export class HostCounts {
  readonly #options: HostCountsOptions;
  #next: Alarm | undefined;
  #told = { packetsIn: 0, packetsOut: 0 };
  #toldLate = 0;

  /** The first second begins `now`. */
  constructor(options: HostCountsOptions, now: Millis) {
    this.#options = options;
    this.#wait(now);
  }

  /** The last word. */
  stop(): void {
    this.#options.timers.cancel(this.#next);
    this.#tell();
  }

  #wait(now: Millis): void {
    this.#next = this.#options.timers.schedule(now + COUNT_EVERY, (at) => {
      this.#tell();
      this.#options.legs.tellQuality();
      this.#wait(at);
    });
  }

  #tell(): void {
    const { drops, ticker, transports, emit } = this.#options;
    drops.flush((where, reason, count) => emit({ type: 'dropped', where, reason, count }));
    const legs = this.#options.legs.totals();
    const counts: WorkerCounts = {
      rtpFromPhones: legs.packetsIn - this.#told.packetsIn,
      rtpToPhones: legs.packetsOut - this.#told.packetsOut,
      ...transports.takeCounts(),
      lateTicks: ticker.late - this.#toldLate,
    };
    this.#told = legs;
    this.#toldLate = ticker.late;
    if (Object.values(counts).some((count) => count > 0)) emit({ type: 'counts', counts });
  }
}
