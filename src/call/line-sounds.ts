import type { LegId, MediaEvent, Sound, SoundRepeat } from '../media/protocol.ts';
import type { MediaPlace, RoomHandle } from '../room/ports.ts';

/** Where a line's sounds go. */
interface SoundedLine {
  /** Where its media are; undefined: nowhere yet, or no more. */
  readonly place: MediaPlace | undefined;
  readonly room: RoomHandle | undefined;
}

/** What one phone hears besides its room, and what it gives its room to hear. */
export class LineSounds {
  readonly #leg: LegId;
  readonly #line: () => SoundedLine;
  readonly #onPlayed: () => void;
  #plays = 0;

  constructor(leg: LegId, line: () => SoundedLine, onPlayed: () => void) {
    this.#leg = leg;
    this.#line = line;
    this.#onPlayed = onPlayed;
  }

  /** Plays to the phone, in the place of what was played before. */
  play(sounds: readonly Sound[], repeat: SoundRepeat, room: 'heard' | 'silenced'): void {
    const play = `${++this.#plays}`;
    this.#line().place?.media({ type: 'leg.play', leg: this.#leg, play, sounds, repeat, room });
  }

  /** Nothing is played to the phone any more. */
  silence(): void {
    this.#line().place?.media({ type: 'leg.stop', leg: this.#leg, play: `${this.#plays}` });
    this.#plays++;
  }

  /** Plays to all phones of the room. */
  playToRoom(sound: Sound): void {
    const { room } = this.#line();
    const play = `${this.#leg} ${++this.#plays}`;
    room?.media({ type: 'room.play', room: room.sid, play, sounds: [sound], repeat: 'once' });
  }

  /** The worker's word on it: only of what was played last, and only when it ended by itself. */
  heard({ play, why }: Extract<MediaEvent, { type: 'leg.played' }>): void {
    if (play === `${this.#plays}` && (why === 'finished' || why === 'missing')) this.#onPlayed();
  }
}
