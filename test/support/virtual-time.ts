import type { Clock } from '../../src/base/clock.ts';
import { WakeQueue } from '../../src/base/wake-queue.ts';

/** A clock that a test moves by hand, and the alarms that ring by it. */
export class VirtualTime {
  now = 0;
  readonly timers = new WakeQueue();
  readonly clock: Clock = { now: () => this.now };

  /** Lets `ms` pass, ringing each alarm at its own moment. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (let at = this.timers.next(); at <= end; at = this.timers.next()) {
      this.now = Math.max(this.now, at);
      this.timers.run(this.now);
    }
    this.now = end;
  }
}
