/**
 * Turns the packets of one voice into frames of 20 ms at the rate of its place in the mix, exactly one at each pull:
 * jitter buffer, decoder, concealment, and the catching up that clock drift and a sinking delay ask for.
 */

import type { VoiceDecoder } from '../audio/codec.ts';
import { Concealer } from '../audio/concealment.ts';
import { levelOf } from '../audio/level.ts';
import { lengthen, shorten } from '../audio/time-scale.ts';
import { frameLength, type MixRate } from '../audio/voice-format.ts';
import type { Millis } from '../base/clock.ts';
import { JitterBuffer, type JitterOutcome } from '../rtp/jitter-buffer.ts';
import type { RtpView } from '../rtp/packet.ts';
import { DEFAULT_JITTER, type JitterOptions } from '../rtp/playout-delay.ts';
import { PlayoutPace } from './playout-pace.ts';

/** What a pulled frame is: heard, made up in part or whole, or nothing. */
export type FrameKind = 'voice' | 'concealed' | 'silence';

/** Answers the decoder of a payload type, or undefined when packets of it are not played. */
export type DecoderOf = (payloadType: number) => VoiceDecoder | undefined;

/** Frames of 20 ms: the longest packet of any codec here, and what may wait before and behind it. */
const LONGEST_PACKET = 6;
const STORE = LONGEST_PACKET + 4;
/** Pulls from one change of pace to the next while somebody speaks. */
const CHANGE_EVERY = 3;
/** -dBov from which a frame counts as a pause. */
const QUIET = 50;

/** One voice's playout. */
export class VoicePlayout {
  readonly #jitter: JitterBuffer;
  readonly #decoderOf: DecoderOf;
  readonly #ticksPerSample: number;
  readonly #samplesPerMs: number;
  readonly #sampleRate: MixRate;
  /** Samples of 20 ms. */
  readonly #frame: number;
  readonly #longest: number;
  readonly #concealer: Concealer;
  readonly #store: Int16Array;
  #stored = 0;
  #made = 0;
  readonly #pace = new PlayoutPace();
  #sinceChange = 0;
  #lastPlayed: VoiceDecoder | undefined;
  /** Samples made up since the beginning. */
  concealedSamples = 0;
  /** Packets whose payload could not be decoded. */
  undecodable = 0;

  /** Packets of an RTP clock of `clockRate` become samples at `sampleRate`, to which `decoderOf`'s decoders decode. */
  constructor(
    { clockRate, sampleRate }: { readonly clockRate: number; readonly sampleRate: MixRate },
    decoderOf: DecoderOf,
    options: Partial<JitterOptions> = {},
  ) {
    this.#jitter = new JitterBuffer({ ...DEFAULT_JITTER, ...options, clockRate });
    this.#decoderOf = decoderOf;
    this.#ticksPerSample = clockRate / sampleRate;
    this.#sampleRate = sampleRate;
    this.#samplesPerMs = sampleRate / 1000;
    this.#frame = frameLength(sampleRate);
    this.#longest = LONGEST_PACKET * this.#frame;
    this.#concealer = new Concealer(sampleRate);
    this.#store = new Int16Array(STORE * this.#frame);
  }

  /** Packets that came too late to be played. */
  get late(): number {
    return this.#jitter.late;
  }

  /** The delay aimed at, ms. */
  get targetMs(): number {
    return this.#jitter.targetMs;
  }

  /** Takes a packet in. */
  push(view: RtpView, now: Millis): JitterOutcome {
    return this.#jitter.push(view, now);
  }

  /** Writes the next frame into `out`, which is 20 ms long. */
  pull(now: Millis, out: Int16Array): FrameKind {
    this.#made = 0;
    const left = this.#stored;
    while (this.#stored < this.#frame && this.#more(now)) {}
    if (this.#stored < this.#frame) return this.#runDry(out);
    this.#pace.pulled(left / this.#samplesPerMs);
    this.#adjust(now);
    this.#deliver(out);
    return this.#made > 0 ? 'concealed' : 'voice';
  }

  /** Plays nothing more until something is pushed again; what was learned of the stream's way stays. */
  stop(): void {
    this.#jitter.stop();
    this.#silence();
  }

  /** Learns from a packet that is not to be heard. */
  overhear(timestamp: number, now: Millis): void {
    this.#jitter.overhear(timestamp, now);
  }

  /** Forgets the stream: another one begins. */
  reset(): void {
    this.#jitter.reset();
    this.#silence();
  }

  #silence(): void {
    this.#concealer.reset();
    this.#pace.reset();
    this.#stored = 0;
    this.#lastPlayed = undefined;
  }

  /** Puts more samples into the store; false when there are none to be had. */
  #more(now: Millis): boolean {
    switch (this.#jitter.poll(now)) {
      case 'wait':
        return false;
      case 'packet':
        this.#pace.needed(this.#jitter.spareMs(now));
        this.#play();
        return true;
      case 'gap':
        this.#hideGap(Math.ceil(this.#jitter.gap / this.#ticksPerSample));
        return true;
      case 'empty':
        this.#hide(this.#frame);
        return true;
    }
  }

  #play(): void {
    const { payload, payloadType } = this.#jitter.head;
    const decoder = this.#decoderOf(payloadType);
    const samples = decoder === undefined ? 0 : decoder.samplesIn(payload);
    const written =
      decoder === undefined || samples <= 0 || samples > this.#longest
        ? -1
        : decoder.decode(payload, this.#store, this.#stored);
    if (decoder === undefined || written <= 0) {
      this.undecodable++;
      this.#jitter.take(Math.min(this.#longest, Math.max(0, samples)) * this.#ticksPerSample);
      return;
    }
    this.#lastPlayed = decoder;
    // A codec that conceals by itself also merges by itself.
    if (decoder.conceal === undefined) this.#concealer.good(this.#store, this.#stored, written);
    this.#stored += written;
    this.#jitter.take(written * this.#ticksPerSample);
  }

  #hideGap(samples: number): void {
    const { payload, payloadType } = this.#jitter.head;
    const decoder = this.#decoderOf(payloadType);
    if (decoder?.recover !== undefined && samples <= this.#longest && samples <= decoder.samplesIn(payload)) {
      const written = decoder.recover(payload, samples, this.#store, this.#stored);
      if (written > 0) {
        this.#count(written);
        return;
      }
    }
    this.#hide(Math.min(this.#frame, samples));
  }

  #hide(samples: number): void {
    const conceal = this.#lastPlayed?.conceal;
    const written =
      conceal === undefined ? -1 : conceal.call(this.#lastPlayed, samples, this.#store, this.#stored);
    if (written <= 0) this.#concealer.conceal(this.#store, this.#stored, samples);
    this.#count(written <= 0 ? samples : written);
  }

  #count(samples: number): void {
    this.#stored += samples;
    this.#made += samples;
    this.concealedSamples += samples;
    this.#jitter.hide(samples * this.#ticksPerSample);
  }

  /** Nothing to be had: what is left, and zeros. */
  #runDry(out: Int16Array): FrameKind {
    this.#pace.reset();
    if (this.#stored === 0) {
      out.fill(0);
      this.#concealer.reset();
      return 'silence';
    }
    this.#store.fill(0, this.#stored, this.#frame);
    this.#stored = this.#frame;
    this.#deliver(out);
    return 'concealed';
  }

  #deliver(out: Int16Array): void {
    const store = this.#store;
    for (let i = 0; i < this.#frame; i++) out[i] = store[i]!;
    store.copyWithin(0, this.#frame, this.#stored);
    this.#stored -= this.#frame;
  }

  /** Catches up or falls back by what is owed: at once in a pause, else a pitch period now and then. */
  #adjust(now: Millis): void {
    const owed = Math.round(this.#pace.owedMs * this.#samplesPerMs);
    if (owed === 0 || this.#made > 0) return;
    if (++this.#sinceChange < CHANGE_EVERY && levelOf(this.#store, 0, this.#frame) < QUIET) return;
    if (owed > 0) this.#hurry(owed, now);
    else this.#linger(-owed);
  }

  #hurry(samples: number, now: Millis): void {
    const wanted = Math.min(this.#frame + samples, 2 * this.#frame);
    while (this.#stored < wanted && this.#jitter.poll(now) === 'packet') this.#play();
    const before = this.#stored;
    const most = Math.min(samples, before - this.#frame);
    this.#stored = shorten(this.#store, before, most, this.#sampleRate);
    if (this.#stored < before) this.#changed(before - this.#stored);
  }

  #linger(samples: number): void {
    const before = this.#stored;
    const room = this.#store.length - this.#longest - before;
    this.#stored = lengthen(this.#store, before, Math.min(samples, room), this.#sampleRate);
    if (this.#stored > before) this.#changed(before - this.#stored);
  }

  #changed(bySamples: number): void {
    this.#sinceChange = 0;
    this.#pace.changed(bySamples / this.#samplesPerMs);
  }
}
