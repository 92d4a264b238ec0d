/** How often the loop is looked at, ms. */
const LOOK_MS = 50;
/** Weight of the newest look: about half a second is remembered. */
const WEIGHT = 0.1;

/** How late, on average of the last half second, the event loop comes round, ms: the one sign of overload that every cause shows. */
export class LoopLag {
  #late = 0;
  #lastLook: number;
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#lastLook = performance.now();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  get ms(): number {
    return this.#late;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    const late = Math.max(0, now - this.#lastLook - LOOK_MS);
    this.#lastLook = now;
    this.#late += WEIGHT * (late - this.#late);
  }
}
