/** Sounds one after the other as frames of a mix: what a leg hears for itself, or a room from nobody. */
import { toneSound } from '../audio/call-tones.ts';
import { SampleSound, type SoundPart } from '../audio/sound-part.ts';
import type { Sound, SoundRepeat } from './protocol.ts';
import type { SoundBook } from './sound-book.ts';

/** 20 ms. */
const FRAMES_PER_SECOND = 50;

/** Frames of 20 ms at one rate, until the last sound is over. */
export class SoundSource {
  readonly #parts: readonly SoundPart[];
  readonly #repeat: SoundRepeat;
  #part = 0;
  /** What the last {@link pull} wrote. */
  readonly frame: Int16Array;

  /** Sounds that `book` has not are left out; see {@link isEmpty}. */
  constructor(sounds: readonly Sound[], repeat: SoundRepeat, book: SoundBook, rate: number) {
    this.frame = new Int16Array(rate / FRAMES_PER_SECOND);
    this.#repeat = repeat;
    this.#parts = sounds.flatMap((sound) => partOf(sound, book, rate) ?? []);
  }

  /** There is nothing to play. */
  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  /** Writes the next 20 ms into {@link frame}, its end silence where the sounds are over; false when they were over before. */
  pull(): boolean {
    let at = 0;
    // A round may be shorter than a frame, but not of no length at all: each part is asked once more at most.
    let barren = 0;
    while (at < this.frame.length) {
      const part = this.#parts[this.#part];
      if (part === undefined) break;
      const count = part.fill(this.frame, at);
      at += count;
      barren = count === 0 ? barren + 1 : 0;
      if (barren > this.#parts.length) break;
      if (at < this.frame.length) this.#next(part);
    }
    this.frame.fill(0, at);
    return at > 0;
  }

  #next(part: SoundPart): void {
    part.restart();
    const isLast = this.#part === this.#parts.length - 1;
    if (!isLast || this.#repeat === 'once') this.#part++;
    else if (this.#repeat === 'all') this.#part = 0;
  }
}

function partOf(sound: Sound, book: SoundBook, rate: number): SoundPart | undefined {
  if (sound.from === 'tone') return toneSound(sound.tone, sound.country, rate);
  const samples = book.find(sound.name, sound.language, rate);
  return samples === undefined || samples.length === 0 ? undefined : new SampleSound(samples);
}
