/** Tells whether a source's frames belong into the mix: while it is loud enough to be heard, and a little longer. */
/** -dBov. Line noise of an A-law phone lies at 70 and below, a whisper above 60. */
export const AUDIBLE = 65;
/** Frames that follow the last audible one: ends of words, and breath. */
const HANGOVER = 15;

/** One source's gate. */
export class TalkGate {
  #left = 0;

  /** Looks at the next frame's level, -dBov; true: mix it. */
  observe(level: number): boolean {
    if (level <= AUDIBLE) this.#left = HANGOVER;
    else if (this.#left > 0) this.#left--;
    return this.#left > 0;
  }

  /** Nothing was audible of late. */
  get isShut(): boolean {
    return this.#left === 0;
  }

  /** The source is silent for sure. */
  shut(): false {
    this.#left = 0;
    return false;
  }
}
