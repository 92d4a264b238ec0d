/** A sound that ends by itself: a tone's round, a recording. Samples are mono, at the rate that it was made for. */
export interface SoundPart {
  /** Writes the next samples into `into` from `at` to its end; answers how many: fewer than there is room for at its end. */
  fill(into: Int16Array, at: number): number;
  /** Begins anew. */
  restart(): void;
}

/** Plays samples as they are. They are not copied. */
export class SampleSound implements SoundPart {
  readonly #samples: Int16Array;
  #at = 0;

  constructor(samples: Int16Array) {
    this.#samples = samples;
  }

  fill(into: Int16Array, at: number): number {
    const count = Math.min(into.length - at, this.#samples.length - this.#at);
    for (let i = 0; i < count; i++) into[at + i] = this.#samples[this.#at + i]!;
    this.#at += count;
    return count;
  }

  restart(): void {
    this.#at = 0;
  }
}
