/**
 * When a playout should hurry and when linger. It is asked for 20 ms at a time and fed by packets, so what it can spare
 * shows in two numbers: how long the packet that was needed had lain there beyond the delay aimed at, and how much was
 * left over of the one before. What is left over buys no safety and can go; a whole frame goes only when the packets
 * lie there long enough without it; and a frame is put in when they do not.
 */

/** What is asked for at a time. */
const FRAME_MS = 20;
/** Pulls that are looked at together: long enough for the longest packet to come by. */
const WINDOW = 8;
/** Packets that lie there by so much less than aimed at ask for a frame more: that is the margin of the aim. */
const SHORT_MS = 5;
/** And by so much more than a frame, for one less: clearly apart, so that it never goes to and fro. */
const LONG_MS = 5;

/** One playout's pace. */
export class PlayoutPace {
  /** To be taken out of the sound (ms), or put in when negative. */
  owedMs = 0;
  #pulls = 0;
  #spare = Number.POSITIVE_INFINITY;
  #left = Number.POSITIVE_INFINITY;

  /** A packet was needed that had lain there `spareMs` longer than aimed at. */
  needed(spareMs: number): void {
    this.#spare = Math.min(this.#spare, spareMs);
  }

  /** 20 ms were asked for, and `leftMs` of what came before were left. */
  pulled(leftMs: number): void {
    this.#left = Math.min(this.#left, leftMs);
    if (++this.#pulls < WINDOW) return;
    this.owedMs = this.#decide();
    this.#look();
  }

  /** So much was taken out, or put in when negative. */
  changed(byMs: number): void {
    this.owedMs -= byMs;
    this.#look();
  }

  /** The stream begins anew. */
  reset(): void {
    this.owedMs = 0;
    this.#look();
  }

  #decide(): number {
    const left = this.#left;
    const spare = this.#spare;
    // Nothing was needed, so all that was played was left over.
    if (spare === Number.POSITIVE_INFINITY) return left;
    if (spare < -SHORT_MS) return left - FRAME_MS * Math.ceil((-SHORT_MS - spare) / FRAME_MS);
    if (spare > FRAME_MS + LONG_MS) return left + FRAME_MS * Math.floor((spare - LONG_MS) / FRAME_MS);
    // What was begun to be put in is worth nothing before it is a whole frame.
    return this.owedMs < 0 && spare < 0 ? this.owedMs : left;
  }

  #look(): void {
    this.#pulls = 0;
    this.#spare = Number.POSITIVE_INFINITY;
    this.#left = Number.POSITIVE_INFINITY;
  }
}
