/** A terminal, or a pipe that stands for one. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Without a terminal a line is printed only so often, ms. */
const PIPE_EVERY_MS = 5000;

/** One line at the bottom that is written over and over; on a pipe, a new line every 5 seconds. */
export class LiveLine {
  readonly #out: Output;
  readonly #now: () => number;
  #shown = false;
  #printedAt = Number.NEGATIVE_INFINITY;

  constructor(out: Output, now: () => number) {
    this.#out = out;
    this.#now = now;
  }

  update(text: string): void {
    if (this.#out.isTTY === true) {
      this.#out.write(`\r\x1b[2K${[...text].slice(0, (this.#out.columns ?? 80) - 1).join('')}`);
      this.#shown = true;
    } else if (this.#now() - this.#printedAt >= PIPE_EVERY_MS) {
      this.#printedAt = this.#now();
      this.#out.write(`${text}\n`);
    }
  }

  /** Prints a line that stays, above the live one. */
  print(text: string): void {
    this.clear();
    this.#out.write(`${text}\n`);
  }

  /** Takes the live line away. */
  clear(): void {
    if (this.#shown) this.#out.write('\r\x1b[2K');
    this.#shown = false;
  }
}
