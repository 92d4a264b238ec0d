/**
 * Gathers what is pushed in one turn of an event loop and delivers it at the turn's end. For what costs the more the more often it
 * is done, and not the more it is: a write, a message to another thread.
 */
export class TurnBatch<T> {
  readonly #deliver: (batch: T[]) => void;
  readonly #atEnd: (run: () => void) => void;
  #gathered: T[] = [];

  /** `atEnd` runs something once, at the end of the turn, as `setImmediate` does. */
  constructor(deliver: (batch: T[]) => void, atEnd: (run: () => void) => void) {
    this.#deliver = deliver;
    this.#atEnd = atEnd;
  }

  push(item: T): void {
    this.#gathered.push(item);
    if (this.#gathered.length === 1) this.#atEnd(() => this.flush());
  }

  /** Delivers now what there is. */
  flush(): void {
    if (this.#gathered.length === 0) return;
    const batch = this.#gathered;
    this.#gathered = [];
    this.#deliver(batch);
  }
}
