import type { Clock, Millis } from '../base/clock.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { LegId, MediaEvent, Sound, SoundRepeat } from '../media/protocol.ts';
import type { MediaPlace, RoomHandle } from '../room/ports.ts';
import type { PublishedVoice } from './phone-voice.ts';

/** Until browsers have negotiated a track that is new to them. */
const SUBSCRIBED_MS: Millis = 500;
/** The longest that a phone whose call is over stays in its room for its last sound. */
const LAST_SOUND_MS: Millis = 5000;

/** Where a line's sounds go. */
interface SoundedLine {
  /** Where its media are; undefined: nowhere yet, or no more. */
  readonly place: MediaPlace | undefined;
  readonly room: RoomHandle | undefined;
  /** What browsers have of the phone; undefined: nothing yet. */
  readonly voice: PublishedVoice | undefined;
}

export interface LineSoundsOptions {
  readonly leg: LegId;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly line: () => SoundedLine;
  /** What was played last to the phone is over, by itself. */
  readonly onPlayed: () => void;
}

/** What the room hears of a line beside its voice. */
interface RoomSound {
  readonly play: string;
  readonly room: RoomHandle;
  /** What browsers hear it in; undefined: phones alone hear it. */
  readonly track: string | undefined;
  readonly repeat: SoundRepeat;
  /** Rings when browsers can hear it. */
  alarm: Alarm | undefined;
}

/** What one phone hears besides its room, and what it gives its room to hear. */
export class LineSounds {
  readonly #options: LineSoundsOptions;
  #plays = 0;
  #holds = false;
  #toRoom: RoomSound | undefined;
  #over: (() => void) | undefined;

  constructor(options: LineSoundsOptions) {
    this.#options = options;
  }

  /** Plays to the phone, in the place of what was played before. */
  play(sounds: readonly Sound[], repeat: SoundRepeat, room: 'heard' | 'silenced'): void {
    const { leg, line } = this.#options;
    const play = `${++this.#plays}`;
    line().place?.media({ type: 'leg.play', leg, play, sounds, repeat, room });
  }

  /** Nothing is played to the phone any more. */
  silence(): void {
    const { leg, line } = this.#options;
    line().place?.media({ type: 'leg.stop', leg, play: `${this.#plays}` });
    this.#plays++;
  }

  /** The phone is on hold with us: it hears `music` instead of its room, until {@link resume}. */
  hold(music: Sound): void {
    if (this.#holds) return;
    this.#holds = true;
    this.play([music], 'all', 'silenced');
  }

  /** It is no more, or somebody else holds. */
  resume(): void {
    if (!this.#holds) return;
    this.#holds = false;
    this.silence();
  }

  /**
   * Plays to all of the room, in the place of what was played to it before: to its phones by their mix, to browsers within
   * this phone's own track, once they have had the time to subscribe to it.
   */
  playToRoom(sounds: readonly Sound[], repeat: SoundRepeat): void {
    this.silenceRoom();
    const { leg, clock, timers, line } = this.#options;
    const { room, voice } = line();
    if (room === undefined) return;
    const play = `${leg} ${++this.#plays}`;
    room.media({ type: 'room.play', room: room.sid, play, sounds, repeat });
    const sound: RoomSound = { play, room, track: voice?.track, repeat, alarm: undefined };
    this.#toRoom = sound;
    if (voice === undefined) return;
    const { track, codec, since } = voice;
    const begin = () => {
      sound.alarm = undefined;
      room.listen(track, (event) => this.#trackPlayed(event));
      room.media({ type: 'track.play', room: room.sid, leg, track, codec, play, sounds, repeat });
    };
    const now = clock.now();
    if (now >= since + SUBSCRIBED_MS) begin();
    else sound.alarm = timers.schedule(since + SUBSCRIBED_MS, begin);
  }

  /** Nothing of this line's is played to the room any more. */
  silenceRoom(): void {
    const sound = this.#toRoom;
    if (sound === undefined) return;
    const { play, room, track } = sound;
    room.media({ type: 'room.stop', room: room.sid, play });
    if (track !== undefined) room.media({ type: 'track.stop', room: room.sid, track, play });
    this.#forget();
  }

  /**
   * The phone is to leave its room: `over` is called when the room has heard what it was given last. At once when that is
   * nothing, has no end, or nobody hears it but phones, who hear it all the same. True: it goes on for a while.
   */
  leaveRoom(over: () => void): boolean {
    const { clock, timers } = this.#options;
    const sound = this.#toRoom;
    const hasHearers = [...(sound?.room.participants.values() ?? [])].some(({ kind }) => kind !== 'sip');
    const isHeard = sound?.track !== undefined && sound.alarm === undefined && hasHearers;
    if (!isHeard || sound.repeat !== 'once') {
      if (sound?.repeat === 'once') this.#forget();
      else this.silenceRoom();
      over();
      return false;
    }
    this.#over = over;
    sound.alarm = timers.schedule(clock.now() + LAST_SOUND_MS, () => this.silenceRoom());
    return true;
  }

  /** The worker's word on it: only of what was played last, and only when it ended by itself. */
  heard({ play, why }: Extract<MediaEvent, { type: 'leg.played' }>): void {
    if (play === `${this.#plays}` && (why === 'finished' || why === 'missing')) this.#options.onPlayed();
  }

  #trackPlayed(event: MediaEvent): void {
    if (event.type === 'track.played' && event.play === this.#toRoom?.play) this.#forget();
  }

  #forget(): void {
    const sound = this.#toRoom;
    if (sound === undefined) return;
    this.#toRoom = undefined;
    this.#options.timers.cancel(sound.alarm);
    if (sound.track !== undefined) sound.room.unlisten(sound.track);
    this.#over?.();
    this.#over = undefined;
  }
}
