import type { MixRate } from '../audio/voice-format.ts';
import type { MediaCommand } from './protocol.ts';
import type { MixVoice } from './room-mix.ts';
import type { SoundBook } from './sound-book.ts';
import { SoundSource } from './sound-source.ts';

/** What `room.play` asked for, as a source of the mix that belongs to nobody. */
export class RoomSound implements MixVoice {
  readonly kind = 'sound';
  readonly #source: SoundSource;
  readonly #onOver: () => void;

  constructor(
    command: Extract<MediaCommand, { type: 'room.play' }>,
    book: SoundBook,
    rate: MixRate,
    onOver: () => void,
  ) {
    this.#source = new SoundSource(command.sounds, command.repeat, book, rate);
    this.#onOver = onOver;
  }

  get frame(): Int16Array {
    return this.#source.frame;
  }

  pull(): boolean {
    const plays = this.#source.pull();
    if (!plays) this.#onOver();
    return plays;
  }

  /** A sound costs nothing while nobody listens: it is not pulled. */
  listen(): void {}
}
