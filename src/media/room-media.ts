import type { VoiceCodecs } from '../audio/codec.ts';
import { packetMs } from '../audio/packet-time.ts';
import type { Millis } from '../base/clock.ts';
import type { PhoneLeg } from '../leg/leg.ts';
import type { RtpView } from '../rtp/packet.ts';
import type {
  LegId,
  MediaCommand,
  MediaEvent,
  PlayId,
  RoomId,
  SpeakerLevel,
  TrackId,
  TransportId,
} from './protocol.ts';
import { RoomMix } from './room-mix.ts';
import { RoomSound } from './room-sound.ts';
import type { SoundBook } from './sound-book.ts';
import { Speakers } from './speakers.ts';
import { DEFAULT_MIX, type MixSettings } from './talkers.ts';
import { TrackSounds } from './track-sounds.ts';
import { VoiceSource } from './voice-source.ts';

/** Sounds that a room hears at once: a crowd that joins shall not make a choir. */
const MOST_SOUNDS = 4;

/** One room's media: its phones' shared mix, its browsers' voices as sources of it, and who speaks. */
export class RoomMedia {
  readonly room: RoomId;
  readonly legs = new Set<LegId>();
  readonly transports = new Set<TransportId>();
  readonly #codecs: VoiceCodecs;
  readonly #mix: RoomMix;
  readonly #speakers = new Speakers();
  readonly #voices = new Map<TrackId, VoiceSource>();
  readonly #sounds = new Map<PlayId, RoomSound>();
  readonly #phones = new Map<LegId, PhoneLeg>();
  /** What browsers hear beside voices. */
  readonly trackSounds: TrackSounds;

  constructor(
    room: RoomId,
    codecs: VoiceCodecs,
    mix: MixSettings = DEFAULT_MIX,
    emit: (event: MediaEvent) => void = () => {},
  ) {
    this.room = room;
    this.#codecs = codecs;
    this.trackSounds = new TrackSounds((leg) => this.#said(leg), emit);
    this.#mix = new RoomMix(codecs, mix);
  }

  /** Nothing here needs the tick. */
  get idle(): boolean {
    return this.legs.size === 0 && this.#voices.size === 0 && this.trackSounds.size === 0;
  }

  addPhone(leg: LegId, phone: PhoneLeg): void {
    this.legs.add(leg);
    this.#phones.set(leg, phone);
    this.#mix.addPhone(phone);
  }

  removePhone(leg: LegId, phone: PhoneLeg, track: TrackId): void {
    this.legs.delete(leg);
    this.#phones.delete(leg);
    this.#mix.removePhone(phone);
    this.#speakers.remove(track);
  }

  /** A track is no more, though its phone is: it speaks no longer. */
  forgetSpeaker(track: TrackId): void {
    this.#speakers.remove(track);
  }

  /** A browser publishes sound. */
  addVoice(track: TrackId): void {
    this.removeVoice(track);
    const voice = new VoiceSource(this.#codecs);
    this.#voices.set(track, voice);
    this.#mix.addVoice(voice);
  }

  removeVoice(track: TrackId): void {
    const voice = this.#voices.get(track);
    if (voice === undefined) return;
    this.#voices.delete(track);
    this.#mix.removeVoice(voice);
    this.#speakers.remove(track);
  }

  muteVoice(track: TrackId, muted: boolean): void {
    this.#voices.get(track)?.mute(muted);
    if (muted) this.#speakers.remove(track);
  }

  /** A browser's packet: into the mix, if any phone listens. */
  voicePacket(track: TrackId, view: RtpView, mime: string, now: Millis): void {
    const voice = this.#voices.get(track);
    if (voice === undefined) return;
    voice.push(view, mime, now);
    this.#observe(track, view, mime, now);
  }

  /** A phone's packet was forwarded: the mix has it already. */
  phonePacket(track: TrackId, view: RtpView, mime: string, now: Millis): void {
    this.#observe(track, view, mime, now);
  }

  #observe(track: TrackId, view: RtpView, mime: string, now: Millis): void {
    const { bytes, payloadStart, payloadEnd } = view;
    this.#speakers.observe(track, view.level, packetMs(mime, bytes, payloadStart, payloadEnd), now);
  }

  /** Plays to all phones. What is played under the same id ends. */
  play(command: Extract<MediaCommand, { type: 'room.play' }>, book: SoundBook): void {
    const { play } = command;
    this.stop(play);
    const late = command.repeat === 'once' && this.#mix.phones === 0;
    if (late || this.#sounds.size >= MOST_SOUNDS) return;
    const sound = new RoomSound(command, book, this.#mix.rate, () => this.stop(play));
    this.#sounds.set(play, sound);
    this.#mix.addVoice(sound);
  }

  stop(play: PlayId): void {
    const sound = this.#sounds.get(play);
    if (sound === undefined) return;
    this.#sounds.delete(play);
    this.#mix.removeVoice(sound);
  }

  /** The next 20 ms for every phone; the speakers, when they changed. */
  tick(now: Millis): SpeakerLevel[] | undefined {
    this.#mix.tick(now);
    this.trackSounds.tick(now);
    return this.#speakers.poll(now);
  }

  close(): void {
    for (const track of [...this.#voices.keys()]) this.removeVoice(track);
    this.trackSounds.close();
  }

  #said(leg: LegId): Int16Array | undefined {
    const phone = this.#phones.get(leg);
    return phone && this.#mix.said(phone);
  }
}
