import type { MixRate } from '../audio/voice-format.ts';
import type { PrivateSound } from '../leg/private-sound.ts';
import type { MediaCommand, PlayId } from './protocol.ts';
import type { SoundBook } from './sound-book.ts';
import { SoundSource } from './sound-source.ts';

/** What `leg.play` asked for, as the mix takes it. */
export class LegSound implements PrivateSound {
  readonly play: PlayId;
  readonly room: 'heard' | 'silenced';
  readonly #source: SoundSource;
  readonly #onOver: () => void;

  constructor(
    command: Extract<MediaCommand, { type: 'leg.play' }>,
    book: SoundBook,
    rate: MixRate,
    onOver: () => void,
  ) {
    this.play = command.play;
    this.room = command.room;
    this.#source = new SoundSource(command.sounds, command.repeat, book, rate);
    this.#onOver = onOver;
  }

  /** None of its sounds is there. */
  get isEmpty(): boolean {
    return this.#source.isEmpty;
  }

  get frame(): Int16Array {
    return this.#source.frame;
  }

  pull(): boolean {
    const plays = this.#source.pull();
    if (!plays) this.#onOver();
    return plays;
  }
}
