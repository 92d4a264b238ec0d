/** A line of so many bits a second with a queue before it, in virtual time: packets come out late, or not at all. */
export class Bottleneck {
  bitsPerSecond: number;
  /** Part of the packets that is lost for no reason, 0 … 1. */
  loss: number;
  readonly #delayMs: number;
  readonly #queueMs: number;
  readonly #random: () => number;
  #freeAt = 0;

  constructor(options: {
    bitsPerSecond: number;
    delayMs: number;
    queueMs: number;
    loss?: number;
    random: () => number;
  }) {
    this.bitsPerSecond = options.bitsPerSecond;
    this.loss = options.loss ?? 0;
    this.#delayMs = options.delayMs;
    this.#queueMs = options.queueMs;
    this.#random = options.random;
  }

  /** When a packet that is sent at `now` comes out; undefined: never. */
  send(bytes: number, now: number): number | undefined {
    const begins = Math.max(now, this.#freeAt);
    if (begins - now > this.#queueMs) return undefined;
    this.#freeAt = begins + (bytes * 8000) / this.bitsPerSecond;
    return this.#random() < this.loss ? undefined : this.#freeAt + this.#delayMs;
  }

  /** How long a packet that is sent now would wait, ms. */
  waiting(now: number): number {
    return Math.max(0, this.#freeAt - now);
  }
}
