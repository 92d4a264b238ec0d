/**
 * Sounds within a phone's own track: what browsers of a room hear of ringing, tones and announcements. They need no new
 * participant, track or negotiation for it. What the phone says meanwhile sounds on beneath.
 */
import type { VoiceCodecs, VoiceEncoder } from '../audio/codec.ts';
import { levelOf } from '../audio/level.ts';
import { Limiter } from '../audio/limiter.ts';
import { frameLength, type VoiceFormat } from '../audio/voice-format.ts';
import type { Millis } from '../base/clock.ts';
import { RtpView } from '../rtp/packet.ts';
import { PayloadBuffer } from './mix-group.ts';
import type { MediaCommand, PlayId, TrackId } from './protocol.ts';
import type { SoundBook } from './sound-book.ts';
import { SoundSource } from './sound-source.ts';

/** One frame. */
const FRAME_MS: Millis = 20;

/**
 * Frames of silence behind the sounds: a browser plays what it gets a while later, and invents something where a stream
 * breaks off.
 */
const TAIL = 15;

/** Takes a track's packet to all who receive the track; it reads the view during the call. */
export type ForwardPacket = (track: TrackId, view: RtpView, mime: string, now: Millis) => unknown;

/** Where a {@link TrackSound} finds what it is made of. */
export interface TrackSoundPlace {
  readonly codecs: VoiceCodecs;
  readonly book: SoundBook;
  /** Of the packets that it makes: another source than the phone. */
  readonly ssrc: number;
  readonly forward: ForwardPacket;
}

/** What `track.play` asked for, as packets of the phone's codec. */
export class TrackSound {
  readonly play: PlayId;
  readonly #track: TrackId;
  readonly #format: VoiceFormat;
  readonly #place: TrackSoundPlace;
  readonly #source: SoundSource;
  readonly #sum: Int32Array;
  readonly #frame: Int16Array;
  readonly #limiter = new Limiter();
  readonly #buffer = new PayloadBuffer();
  readonly #view = new RtpView();
  #encoder: VoiceEncoder | undefined;
  #tail = TAIL;

  constructor(
    command: Extract<MediaCommand, { type: 'track.play' }>,
    format: VoiceFormat,
    place: TrackSoundPlace,
  ) {
    this.play = command.play;
    this.#track = command.track;
    this.#format = format;
    this.#place = place;
    this.#source = new SoundSource(command.sounds, command.repeat, place.book, format.sampleRate);
    this.#sum = new Int32Array(frameLength(format.sampleRate));
    this.#frame = new Int16Array(frameLength(format.sampleRate));
    this.#view.ssrc = place.ssrc;
    this.#view.marker = true;
  }

  /** None of its sounds is there. */
  get isEmpty(): boolean {
    return this.#source.isEmpty;
  }

  /** Sends the next 20 ms, with the phone's own `voice` beneath if it says anything; false: all was over before. */
  tick(voice: Int16Array | undefined, now: Millis): boolean {
    if (!this.#source.pull() && this.#tail-- === 0) return false;
    const { codecs, forward } = this.#place;
    // Where none is at hand just now, the sound goes on unheard: it shall end when it should.
    this.#encoder ??= codecs.encoder(this.#format);
    if (this.#encoder !== undefined) {
      const payload = this.#buffer.encode(this.#encoder, this.#compose(voice));
      const view = this.#view;
      view.bytes = payload;
      view.payloadStart = 0;
      view.payloadEnd = payload.length;
      view.level = levelOf(this.#frame);
      forward(this.#track, view, this.#format.mime, now);
      view.marker = false;
      view.sequence = (view.sequence + 1) & 0xffff;
    }
    this.#view.timestamp = (this.#view.timestamp + FRAME_MS * this.#format.ticksPerMs) >>> 0;
    return true;
  }

  close(): void {
    this.#encoder?.free();
    this.#encoder = undefined;
  }

  #compose(voice: Int16Array | undefined): Int16Array {
    const sum = this.#sum;
    const sound = this.#source.frame;
    // A phone whose codec changes just now speaks at another rate.
    const under = voice?.length === sum.length ? voice : undefined;
    for (let i = 0; i < sum.length; i++) sum[i] = sound[i]! + (under?.[i] ?? 0);
    this.#limiter.process(sum, undefined, this.#frame);
    return this.#frame;
  }
}
