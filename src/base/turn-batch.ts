/** How soon what is pushed must go out: at the end of this turn, or with whatever goes next, or a moment later on its own. */
export type Urgency = 'this-turn' | 'with-the-next';

/** How a batch is woken. */
export interface BatchWakes {
  /** Runs something once at the end of the turn, as `setImmediate` does. */
  readonly atEnd: (run: () => void) => void;
  /** Runs something once, a moment later. Absent: nothing waits longer than a turn. */
  readonly later?: (run: () => void) => void;
}

/**
 * Gathers what is pushed in one turn of an event loop and delivers it at the turn's end. For what costs the more the more often it
 * is done, and not the more it is: a write, a message to another thread. The order is that of pushing, whatever is urgent.
 */
export class TurnBatch<T> {
  readonly #deliver: (batch: T[]) => void;
  readonly #wakes: BatchWakes;
  #gathered: T[] = [];
  #ends = false;
  #waits = false;

  constructor(deliver: (batch: T[]) => void, wakes: BatchWakes) {
    this.#deliver = deliver;
    this.#wakes = wakes;
  }

  push(item: T, urgency: Urgency = 'this-turn'): void {
    this.#gathered.push(item);
    const { atEnd, later } = this.#wakes;
    if (urgency === 'with-the-next' && later !== undefined) {
      if (!this.#waits) later(this.#waited);
      this.#waits = true;
    } else if (!this.#ends) {
      this.#ends = true;
      atEnd(this.#ended);
    }
  }

  readonly #waited = (): void => {
    this.#waits = false;
    this.flush();
  };

  readonly #ended = (): void => {
    this.#ends = false;
    this.flush();
  };

  /** Delivers now what there is. */
  flush(): void {
    if (this.#gathered.length === 0) return;
    const batch = this.#gathered;
    this.#gathered = [];
    this.#deliver(batch);
  }
}
