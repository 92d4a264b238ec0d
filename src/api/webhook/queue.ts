import type { Clock, Millis } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Alarm, Timers } from '../../base/wake-queue.ts';
import type { WebhookBody } from './events.ts';

/** `refused`: the endpoint does not want it, so asking again is in vain. `failed`: it may want it later. */
export type Delivery = 'delivered' | 'refused' | 'failed';

export interface WebhookQueueOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** Posts a body; never rejects. */
  deliver(body: string): Promise<Delivery>;
  /** An event that will never arrive. */
  onDropped(reason: 'webhook-queue-full' | 'webhook-refused' | 'webhook-undelivered'): void;
  readonly limits?: Partial<WebhookLimits>;
}

export interface WebhookLimits {
  /** Events that wait, those on their way among them. */
  readonly events: number;
  /** Rooms whose events are on their way at the same time. */
  readonly lanes: number;
  /** How often one event is posted at most. */
  readonly attempts: number;
  /** From the first failure to the second attempt, ms; it doubles each time, and a fifth of it is chance. */
  readonly firstRetryMs: Millis;
  readonly longestRetryMs: Millis;
}

/** Ten attempts are about three minutes. */
const LIMITS: WebhookLimits = {
  events: 10_000,
  lanes: 16,
  attempts: 10,
  firstRetryMs: 500,
  longestRetryMs: 60_000,
};

interface Item {
  readonly body: WebhookBody;
  /** As it was first sent: an event that comes twice is the same. */
  text: string | undefined;
  /** Of others that it tells. */
  numDropped: number;
  attempts: number;
}

interface Lane {
  readonly items: Item[];
  retry: Alarm | undefined;
}

/**
 * What one endpoint has yet to be told. Events of one room arrive in their order, rooms beside each other; nobody
 * who tells waits. Bounded: what does not fit is dropped, and the next event that arrives says how many
 * (`numDropped`).
 */
export class WebhookQueue {
  readonly #options: WebhookQueueOptions;
  readonly #limits: WebhookLimits;
  readonly #lanes = new Map<string, Lane>();
  /** Rooms that wait for their turn. */
  readonly #waiting: string[] = [];
  #running = 0;
  #size = 0;
  #dropped = 0;
  #closing: (() => void) | undefined;
  #closed = false;

  constructor(options: WebhookQueueOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  /** Events that wait or are on their way. */
  get size(): number {
    return this.#size;
  }

  push(body: WebhookBody, room: string): void {
    if (this.#closed || this.#size >= this.#limits.events) {
      this.#drop('webhook-queue-full');
      return;
    }
    this.#size++;
    const item: Item = { body, text: undefined, numDropped: 0, attempts: 0 };
    const lane = this.#lanes.get(room);
    if (lane !== undefined) {
      lane.items.push(item);
      return;
    }
    this.#lanes.set(room, { items: [item], retry: undefined });
    this.#waiting.push(room);
    this.#next();
  }

  /**
   * Takes nothing more, and posts what is left at once; what fails now, or is not through after `graceMs`, is dropped.
   * Resolves when nothing is left to do.
   */
  close(graceMs: Millis): Promise<void> {
    this.#closed = true;
    const { clock, timers } = this.#options;
    return new Promise((resolve) => {
      const force = timers.schedule(clock.now() + graceMs, () => this.#abandon());
      this.#closing = () => {
        timers.cancel(force);
        resolve();
      };
      for (const [room, lane] of this.#lanes) {
        if (lane.retry === undefined) continue;
        timers.cancel(lane.retry);
        lane.retry = undefined;
        this.#post(room, lane);
      }
      this.#settle();
    });
  }

  #next(): void {
    while (this.#running < this.#limits.lanes) {
      const room = this.#waiting.shift();
      if (room === undefined) return;
      const lane = this.#lanes.get(room);
      if (lane === undefined) continue;
      this.#running++;
      this.#post(room, lane);
    }
  }

  #post(room: string, lane: Lane): void {
    const item = lane.items[0];
    if (item === undefined) return;
    if (item.text === undefined) {
      item.numDropped = this.#dropped;
      this.#dropped = 0;
      const { body, numDropped } = item;
      item.text = JSON.stringify(numDropped === 0 ? body : { ...body, numDropped });
    }
    item.attempts++;
    void this.#options.deliver(item.text).then((delivery) => this.#posted(room, lane, item, delivery));
  }

  #posted(room: string, lane: Lane, item: Item, delivery: Delivery): void {
    // Given up in the meantime.
    if (this.#lanes.get(room) !== lane) return;
    if (delivery === 'failed' && !this.#closed && item.attempts < this.#limits.attempts) {
      const { clock, timers } = this.#options;
      lane.retry = timers.schedule(clock.now() + this.#retryMs(item.attempts), () => {
        lane.retry = undefined;
        this.#post(room, lane);
      });
      return;
    }
    if (delivery !== 'delivered') {
      this.#dropped += item.numDropped;
      this.#drop(delivery === 'refused' ? 'webhook-refused' : 'webhook-undelivered');
    }
    lane.items.shift();
    this.#size--;
    this.#running--;
    // Back to the end of the line: a busy room must not keep the others waiting.
    if (lane.items.length > 0) this.#waiting.push(room);
    else this.#lanes.delete(room);
    this.#next();
    this.#settle();
  }

  #retryMs(attempts: number): Millis {
    const { firstRetryMs, longestRetryMs } = this.#limits;
    const wait = Math.min(longestRetryMs, firstRetryMs * 2 ** (attempts - 1));
    return wait * (0.8 + (0.2 * this.#options.random.u32()) / 2 ** 32);
  }

  #drop(reason: Parameters<WebhookQueueOptions['onDropped']>[0]): void {
    this.#dropped++;
    this.#options.onDropped(reason);
  }

  #abandon(): void {
    for (const { items, retry } of this.#lanes.values()) {
      this.#options.timers.cancel(retry);
      for (const _ of items) this.#drop('webhook-undelivered');
    }
    this.#lanes.clear();
    this.#size = 0;
    this.#settle();
  }

  #settle(): void {
    if (this.#size === 0) this.#closing?.();
  }
}
