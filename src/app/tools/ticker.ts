/** A round is skipped when the process was stopped for longer than this, rather than made up for in a burst. */
const LARGEST_LAG_MS = 500;

/** Calls all of `frames` every 20 ms, 50 times a second on the long run, however late single timers ring. */
export class Ticker {
  readonly frames = new Set<() => void>();
  readonly #periodMs = 20;
  #due = performance.now();
  #timer: NodeJS.Timeout | undefined;
  /** Rounds that were left out because the process was too late. */
  skipped = 0;

  start(): void {
    this.#due = performance.now();
    this.#arm();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #arm(): void {
    this.#timer = setTimeout(() => this.#ring(), Math.max(0, this.#due - performance.now()));
  }

  #ring(): void {
    const now = performance.now();
    const late = now - this.#due;
    if (late > LARGEST_LAG_MS) {
      const rounds = Math.floor(late / this.#periodMs);
      this.skipped += rounds;
      this.#due += rounds * this.#periodMs;
    }
    while (this.#due <= now) {
      this.#due += this.#periodMs;
      for (const frame of this.frames) frame();
    }
    this.#arm();
  }
}
