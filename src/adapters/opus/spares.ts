/** Things that are made by promise and wanted at once: a few are kept ready and made up for in the background. */
export class Spares<Thing extends { free(): void }> {
  readonly #count: number;
  readonly #make: () => Promise<Thing>;
  readonly #onFailure: (error: unknown) => void;
  readonly #ready: Thing[] = [];
  #coming = 0;
  #closed = false;

  constructor(count: number, make: () => Promise<Thing>, onFailure: (error: unknown) => void) {
    this.#count = count;
    this.#make = make;
    this.#onFailure = onFailure;
  }

  /** Makes all of them. Rejects when one cannot be made. */
  async fill(): Promise<void> {
    while (this.#ready.length < this.#count) this.#ready.push(await this.#make());
  }

  /** One of them, or undefined when none is ready just now: ask again in a while. */
  take(): Thing | undefined {
    const thing = this.#ready.pop();
    this.#refill();
    return thing;
  }

  /** Frees those that nobody took; no more are given. */
  close(): void {
    this.#closed = true;
    for (const thing of this.#ready.splice(0)) thing.free();
  }

  #refill(): void {
    while (!this.#closed && this.#ready.length + this.#coming < this.#count) {
      this.#coming++;
      this.#make().then(
        (thing) => {
          this.#coming--;
          if (this.#closed) thing.free();
          else this.#ready.push(thing);
        },
        (error: unknown) => {
          this.#coming--;
          this.#onFailure(error);
        },
      );
    }
  }
}
