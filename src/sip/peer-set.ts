import type { Clock, Millis } from '../base/clock.ts';

/** Above so many addresses, those whose time is over are swept out. */
const SWEEP_ABOVE = 256;

interface Hold {
  count: number;
  /** Let in until then although nobody holds it any more. */
  until: Millis;
}

/**
 * The addresses that calls of ours go to. They may answer, and speak in those calls, although no trunk names them as a
 * source of new ones. An address lingers after its last call, for what is sent again because our answer was lost.
 */
export class PeerSet {
  readonly #holds = new Map<string, Hold>();
  readonly #clock: Clock;
  readonly #linger: Millis;

  /** `linger`: 64 T1, the time in which a message may be sent again. */
  constructor(clock: Clock, linger: Millis) {
    this.#clock = clock;
    this.#linger = linger;
  }

  /** True while somebody holds `address`, and for the linger time after. */
  has(address: string): boolean {
    const hold = this.#holds.get(address);
    return hold !== undefined && this.#alive(hold);
  }

  /** Holds `address`; the result lets go of it, once. */
  hold(address: string): () => void {
    if (this.#holds.size > SWEEP_ABOVE) this.#sweep();
    const hold = this.#holds.get(address) ?? { count: 0, until: 0 };
    hold.count++;
    this.#holds.set(address, hold);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      hold.count--;
      hold.until = this.#clock.now() + this.#linger;
    };
  }

  #alive(hold: Hold): boolean {
    return hold.count > 0 || this.#clock.now() < hold.until;
  }

  #sweep(): void {
    for (const [address, hold] of this.#holds) if (!this.#alive(hold)) this.#holds.delete(address);
  }
}
