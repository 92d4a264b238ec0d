import type { Millis } from './clock.ts';

/** A wake-up that was asked for. Opaque: hand it back to {@link Timers.cancel}. */
export interface Alarm {
  readonly at: Millis;
}

/** How the core asks to be woken. It never sleeps itself: one driver runs the queue. */
export interface Timers {
  /** Calls `wake(now)` once, at `at` or as soon after as the driver runs. */
  schedule(at: Millis, wake: (now: Millis) => void): Alarm;
  /** Forgets an alarm; harmless when it has rung, was cancelled, or is undefined. */
  cancel(alarm: Alarm | undefined): void;
}

interface Entry extends Alarm {
  readonly order: number;
  wake: ((now: Millis) => void) | undefined;
}

/**
 * All alarms of one thread in a binary heap, earliest first and first come first among equals. Pure: whoever owns
 * the clock calls {@link run}. Cancelled entries stay until they surface, or until they are half of the heap.
 */
export class WakeQueue implements Timers {
  #heap: Entry[] = [];
  #order = 0;
  #cancelled = 0;
  /** Called when the earliest alarm changed, so that the driver can sleep shorter. */
  onEarlier: (() => void) | undefined;

  /** Alarms that will still ring. */
  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  schedule(at: Millis, wake: (now: Millis) => void): Alarm {
    const entry: Entry = { at, order: this.#order++, wake };
    this.#heap.push(entry);
    this.#up(this.#heap.length - 1);
    if (this.#heap[0] === entry) this.onEarlier?.();
    return entry;
  }

  cancel(alarm: Alarm | undefined): void {
    const entry = alarm as Entry | undefined;
    if (entry?.wake === undefined) return;
    entry.wake = undefined;
    this.#cancelled++;
    if (this.#cancelled > 64 && this.#cancelled * 2 > this.#heap.length) this.#compact();
  }

  /** When the earliest alarm rings; Infinity when none is set. */
  next(): Millis {
    this.#dropCancelledTop();
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Rings what is due at `now`. Alarms set meanwhile for `now` or earlier ring in the same run. */
  run(now: Millis): void {
    for (;;) {
      this.#dropCancelledTop();
      const top = this.#heap[0];
      if (top === undefined || top.at > now) return;
      this.#pop();
      const wake = top.wake;
      top.wake = undefined;
      wake?.(now);
    }
  }

  #dropCancelledTop(): void {
    while (this.#heap.length > 0 && this.#heap[0]!.wake === undefined) {
      this.#pop();
      this.#cancelled--;
    }
  }

  #compact(): void {
    this.#heap = this.#heap.filter((entry) => entry.wake !== undefined);
    this.#cancelled = 0;
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i--) this.#down(i);
  }

  #pop(): void {
    const last = this.#heap.pop()!;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#down(0);
  }

  #up(from: number): void {
    const heap = this.#heap;
    const entry = heap[from]!;
    let i = from;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
  }

  #down(from: number): void {
    const heap = this.#heap;
    const entry = heap[from]!;
    let i = from;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, entry)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = entry;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
