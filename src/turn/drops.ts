import type { Millis } from '../base/clock.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { EventSink } from '../events/index.ts';

const REPORT_MS: Millis = 1_000;

/** Why something was thrown away. */
export type TurnDrop =
  | 'malformed'
  | 'not-stun'
  | 'unexpected'
  | 'rate-limited'
  | 'no-allocation'
  | 'no-permission'
  | 'no-channel'
  | 'peer-not-allowed'
  | 'too-large'
  | 'congested'
  | 'bandwidth'
  | 'bad-frame'
  | 'idle-connection';

/** Sums up drops and reports each reason at most once a second; with nothing to report it has no alarm. */
export class Drops {
  readonly #emit: EventSink;
  readonly #timers: Timers;
  readonly #counts = new Map<TurnDrop, number>();
  #alarm: Alarm | undefined;

  constructor(emit: EventSink, timers: Timers) {
    this.#emit = emit;
    this.#timers = timers;
  }

  count(reason: TurnDrop, now: Millis): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    this.#alarm ??= this.#timers.schedule(now + REPORT_MS, () => this.flush());
  }

  /** Reports what was counted so far. */
  flush(): void {
    this.#timers.cancel(this.#alarm);
    this.#alarm = undefined;
    for (const [reason, count] of this.#counts) this.#emit({ type: 'dropped', where: 'turn', reason, count });
    this.#counts.clear();
  }
}
