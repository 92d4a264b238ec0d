/**
 * What a phone says, as frames of 20 ms for the mix: playout, decoders, comfort noise. A packet is told by its own
 * payload type; all are heard at the rate of what the leg is sent, so that it can be taken out of the mix again.
 */
import type { VoiceCodecs, VoiceDecoder } from '../audio/codec.ts';
import { ComfortNoise } from '../audio/comfort-noise.ts';
import { energyG711, lawOf } from '../audio/g711.ts';
import { levelOf, levelOfEnergy, SILENCE_LEVEL } from '../audio/level.ts';
import { frameLength, type MixRate } from '../audio/voice-format.ts';
import type { Millis } from '../base/clock.ts';
import type { JitterOutcome } from '../rtp/jitter-buffer.ts';
import type { RtpView } from '../rtp/packet.ts';
import type { LegCodec } from './description.ts';
import { type FrameKind, VoicePlayout } from './voice-playout.ts';

/** RTP clocks of all codecs that a leg takes; there are no others (RFC 3551, RFC 7587). */
type Clock = 8000 | 48_000;

/** One leg's incoming voice. */
export class LegInput {
  readonly #codecs: VoiceCodecs;
  /** By payload type. */
  readonly #accepted = new Map<number, LegCodec>();
  /** By MIME type: a codec goes on where it was after a re-INVITE. */
  readonly #decoders = new Map<string, VoiceDecoder>();
  readonly #playouts = new Map<Clock, VoicePlayout>();
  readonly #noise = new ComfortNoise();
  /** Comfort noise fills what voice leaves open; `ending`: voice came again and is not played yet. */
  #comfort: 'off' | 'on' | 'ending' = 'off';
  #clock: Clock = 8000;
  /** Of the last packet of voice. */
  #last: LegCodec | undefined;
  /** Of that clock. */
  #current: VoicePlayout | undefined;
  #rate: MixRate = 8000;
  #concealedMs = 0;
  #lateBefore = 0;
  /** Of the frame that {@link pull} wrote, -dBov; of comfort noise too. */
  level = SILENCE_LEVEL;
  /** The frame that {@link pull} wrote. */
  frame = new Int16Array(frameLength(8000));

  constructor(codecs: VoiceCodecs) {
    this.#codecs = codecs;
  }

  /** Sound made up so far, ms. */
  get concealedMs(): number {
    return this.#concealedMs;
  }

  /** Packets that came too late to be played. */
  get late(): number {
    let late = this.#lateBefore;
    for (const playout of this.#playouts.values()) late += playout.late;
    return late;
  }

  /** What may come in, and the rate at which it is wanted. */
  apply(accept: readonly LegCodec[], rate: MixRate): void {
    this.#accepted.clear();
    for (const codec of accept)
      if (this.#codecs.decodes(codec.mime)) this.#accepted.set(codec.payloadType, codec);
    const kept = new Set([...this.#accepted.values()].map(({ mime }) => mime));
    for (const [mime, decoder] of this.#decoders) {
      if (kept.has(mime) && rate === this.#rate) continue;
      decoder.free();
      this.#decoders.delete(mime);
    }
    this.#comfort = 'off';
    this.#last = undefined;
    if (rate === this.#rate) return;
    this.#lateBefore = this.late;
    this.#playouts.clear();
    this.#current = undefined;
    this.#rate = rate;
    this.frame = new Int16Array(frameLength(rate));
  }

  /** The codec of a payload type, or undefined when nobody agreed on it. */
  codec(payloadType: number): LegCodec | undefined {
    return this.#accepted.get(payloadType);
  }

  /** The codec that the phone talks in, if its packets tell their level undecoded and nothing fills its pauses. */
  get steady(): LegCodec | undefined {
    const last = this.#last;
    return this.#comfort === 'off' && last !== undefined && lawOf(last.mime) !== undefined ? last : undefined;
  }

  /** Takes a packet of voice in. */
  push(view: RtpView, codec: LegCodec, now: Millis): JitterOutcome {
    const clock: Clock = codec.clockRate === 48_000 ? 48_000 : 8000;
    if (clock !== this.#clock) {
      this.#current?.reset();
      this.#clock = clock;
      this.#current = undefined;
    }
    if (this.#comfort === 'on') this.#comfort = 'ending';
    this.#last = codec;
    return this.#playout().push(view, now);
  }

  /** The voice is not played for a while: what comes is {@link overhear}d, until it is pushed again. */
  stop(): void {
    this.#playout().stop();
  }

  /** A packet of the stream that was played last came, and is not to be heard. */
  overhear(timestamp: number, now: Millis): void {
    this.#playout().overhear(timestamp, now);
  }

  /** Voice pauses, and sounds like this meanwhile. */
  pause({ bytes, payloadStart, payloadEnd }: RtpView): void {
    if (this.#noise.describe(bytes, payloadStart, payloadEnd)) this.#comfort = 'on';
  }

  /**
   * The packet's level, -dBov (RFC 6464). G.711 is read as it is; of codecs that must be decoded it is that of the frame
   * played last, which is as old as the playout delay and costs nothing more.
   */
  levelOf(view: RtpView, { mime }: LegCodec): number {
    const law = lawOf(mime);
    if (law === undefined) return this.level;
    const { bytes, payloadStart: start, payloadEnd: end } = view;
    return levelOfEnergy(energyG711(law, bytes, start, end), end - start);
  }

  /** Writes the next 20 ms into {@link frame}. */
  pull(now: Millis): FrameKind {
    const playout = this.#playout();
    const before = playout.concealedSamples;
    const kind = playout.pull(now, this.frame);
    if (this.#comfort !== 'off' && kind !== 'voice') {
      this.#noise.fill(this.frame);
      this.level = levelOf(this.frame);
      return 'voice';
    }
    if (this.#comfort === 'ending') this.#comfort = 'off';
    this.#concealedMs += ((playout.concealedSamples - before) * 1000) / this.#rate;
    this.level = kind === 'silence' ? SILENCE_LEVEL : levelOf(this.frame);
    return kind;
  }

  close(): void {
    for (const decoder of this.#decoders.values()) decoder.free();
    this.#decoders.clear();
    this.#accepted.clear();
  }

  #playout(): VoicePlayout {
    if (this.#current !== undefined) return this.#current;
    const rates = { clockRate: this.#clock, sampleRate: this.#rate };
    this.#current =
      this.#playouts.get(this.#clock) ?? new VoicePlayout(rates, (payloadType) => this.#decoder(payloadType));
    this.#playouts.set(this.#clock, this.#current);
    return this.#current;
  }

  #decoder(payloadType: number): VoiceDecoder | undefined {
    const codec = this.#accepted.get(payloadType);
    if (codec === undefined) return undefined;
    const open = this.#decoders.get(codec.mime);
    if (open !== undefined) return open;
    const decoder = this.#codecs.decoder(codec.mime, this.#rate);
    if (decoder !== undefined) this.#decoders.set(codec.mime, decoder);
    return decoder;
  }
}
