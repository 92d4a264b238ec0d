import { voiceFormat } from '../audio/voice-format.ts';
import type { Millis } from '../base/clock.ts';
import type { LegId, MediaCommand, MediaEvent, PlayEnd, PlayId, TrackId } from './protocol.ts';
import { TrackSound, type TrackSoundPlace } from './track-sound.ts';

interface Playing {
  readonly leg: LegId;
  readonly sound: TrackSound;
}

/** What sounds in the tracks of one room's phones: one thing in each at a time. */
export class TrackSounds {
  readonly #playing = new Map<TrackId, Playing>();
  readonly #emit: (event: MediaEvent) => void;
  readonly #voice: (leg: LegId) => Int16Array | undefined;

  /** `voice`: what a phone says in this tick, if anything. */
  constructor(voice: (leg: LegId) => Int16Array | undefined, emit: (event: MediaEvent) => void) {
    this.#voice = voice;
    this.#emit = emit;
  }

  /** Tracks in which something sounds. */
  get size(): number {
    return this.#playing.size;
  }

  /** The track carries a sound with the phone's voice in it: the phone's own packets are not to be forwarded. */
  has(track: TrackId): boolean {
    return this.#playing.has(track);
  }

  play(command: Extract<MediaCommand, { type: 'track.play' }>, place: TrackSoundPlace): void {
    const { track, play, leg, codec } = command;
    this.#end(track, 'replaced');
    const format = voiceFormat(codec.mime, codec.fmtp);
    const sound = format && new TrackSound(command, format, place);
    if (sound === undefined || sound.isEmpty) this.#tell(track, play, 'missing');
    else this.#playing.set(track, { leg, sound });
  }

  /** Harmless when something else sounds by now. */
  stop(track: TrackId, play: PlayId): void {
    if (this.#playing.get(track)?.sound.play === play) this.#end(track, 'stopped');
  }

  /** Sends the next 20 ms of each; after the mix has asked the phones for theirs. */
  tick(now: Millis): void {
    for (const [track, { leg, sound }] of this.#playing)
      if (!sound.tick(this.#voice(leg), now)) this.#end(track, 'finished');
  }

  close(): void {
    for (const track of [...this.#playing.keys()]) this.#end(track, 'stopped');
  }

  #end(track: TrackId, why: PlayEnd): void {
    const playing = this.#playing.get(track);
    if (playing === undefined) return;
    this.#playing.delete(track);
    playing.sound.close();
    this.#tell(track, playing.sound.play, why);
  }

  #tell(track: TrackId, play: PlayId, why: PlayEnd): void {
    this.#emit({ type: 'track.played', track, play, why });
  }
}
