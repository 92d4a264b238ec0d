/** Runs asynchronous work in the order in which it came, one piece after the other, and no more than `most` waiting. */
export class OneAtATime {
  readonly #most: number;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(most: number) {
    this.#most = most;
  }

  /** Undefined: too much is waiting already. */
  run<T>(work: () => Promise<T>): Promise<T> | undefined {
    if (this.#waiting >= this.#most) return undefined;
    this.#waiting++;
    const done = this.#last.then(work).finally(() => {
      this.#waiting--;
    });
    // What one piece fails of is its own caller's to hear.
    this.#last = done.catch(() => {});
    return done;
  }
}
