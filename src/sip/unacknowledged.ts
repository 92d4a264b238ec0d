import type { Alarm } from '../base/wake-queue.ts';
import type { SipCore } from './core.ts';
import type { Flow } from './ports.ts';

/**
 * A 2xx to an INVITE that has no ACK yet (RFC 3261 section 13.3.1.4): sent again after T1, 2 T1 ... at most every T2,
 * on any transport, and given up after 64 T1.
 */
export class Unacknowledged {
  /** Our offer was in the 2xx, so the ACK must carry the answer. */
  readonly offered: boolean;
  readonly #core: SipCore;
  readonly #resend: () => void;
  readonly #flow: Flow;
  #interval: number;
  #again: Alarm | undefined;
  readonly #deadline: Alarm;

  constructor(
    core: SipCore,
    flow: Flow,
    options: { offered: boolean; resend: () => void; givenUp: () => void },
  ) {
    const { t1 } = core.timing(flow);
    this.offered = options.offered;
    this.#core = core;
    this.#flow = flow;
    this.#resend = options.resend;
    this.#interval = t1;
    this.#again = core.after(t1, () => this.#ring());
    this.#deadline = core.after(64 * t1, () => {
      this.stop();
      options.givenUp();
    });
  }

  stop(): void {
    this.#core.timers.cancel(this.#again);
    this.#core.timers.cancel(this.#deadline);
  }

  #ring(): void {
    this.#interval = Math.min(2 * this.#interval, this.#core.timing(this.#flow).t2);
    this.#again = this.#core.after(this.#interval, () => this.#ring());
    this.#resend();
  }
}
