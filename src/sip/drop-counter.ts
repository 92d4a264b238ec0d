import type { Clock } from '../base/clock.ts';
import { formatHostPort, type HostPort } from '../base/net.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { ParseReason } from './parse-message.ts';

/** Every name under which this stack drops what came. */
export type DropReason =
  | ParseReason
  | 'not-admitted'
  | 'rate'
  | 'foreign-source'
  | 'stray-response'
  | 'stray-ack'
  | 'overload'
  | 'closed-flow'
  | 'internal-error';

/** The event of `events/` that this stack emits, by structure: `sip/` may not import it. */
export interface DroppedEvent {
  type: 'dropped';
  where: 'sip';
  reason: string;
  count: number;
  source?: string;
}

/** Sums drops by reason and emits each about once a second, so that a flood of packets is no flood of events. */
export class DropCounter {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #emit: (event: DroppedEvent) => void;
  readonly #counts = new Map<DropReason, { count: number; source: string }>();
  #alarm: Alarm | undefined;

  constructor(clock: Clock, timers: Timers, emit: (event: DroppedEvent) => void) {
    this.#clock = clock;
    this.#timers = timers;
    this.#emit = emit;
  }

  count(reason: DropReason, remote: HostPort): void {
    const entry = this.#counts.get(reason);
    if (entry !== undefined) entry.count++;
    else this.#counts.set(reason, { count: 1, source: formatHostPort(remote) });
    this.#alarm ??= this.#timers.schedule(this.#clock.now() + 1000, () => this.flush());
  }

  /** Emits what has been counted. `source` is the first one's. */
  flush(): void {
    this.#timers.cancel(this.#alarm);
    this.#alarm = undefined;
    const counts = [...this.#counts];
    this.#counts.clear();
    for (const [reason, { count, source }] of counts) {
      this.#emit({ type: 'dropped', where: 'sip', reason, count, source });
    }
  }
}
