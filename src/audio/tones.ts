/** Makes sound: what a softphone without a microphone, a test and a prompt need. */

/** A sine whose phase runs on from frame to frame. */
export class SineSource {
  readonly #step: number;
  readonly #amplitude: number;
  #phase = 0;

  /** `frequency` and `rate` in Hz, `amplitude` 0 … 32767. */
  constructor(frequency: number, amplitude: number, rate: number) {
    this.#step = (2 * Math.PI * frequency) / rate;
    this.#amplitude = amplitude;
  }

  /** Fills all of `into`. */
  fill(into: Int16Array): void {
    for (let i = 0; i < into.length; i++) {
      into[i] = Math.round(this.#amplitude * Math.sin(this.#phase));
      this.#phase += this.#step;
    }
    this.#phase %= 2 * Math.PI;
  }
}
