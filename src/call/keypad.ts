import type { Millis } from '../base/clock.ts';

/** Between the two keys of a command. */
const PAIR_MS: Millis = 2000;

/** Commands that a caller keys in the room: `*6` mutes. Other keys, and the `*` itself, are the room's. */
export class Keypad {
  #starAt: Millis | undefined;

  press(digit: string, now: Millis): 'mute' | undefined {
    const isPair = this.#starAt !== undefined && now - this.#starAt <= PAIR_MS;
    this.#starAt = digit === '*' ? now : undefined;
    return isPair && digit === '6' ? 'mute' : undefined;
  }
}
