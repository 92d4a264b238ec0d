import type { VoiceCodecs } from '../../audio/codec.ts';
import { levelOf } from '../../audio/level.ts';
import type { Random } from '../../base/random.ts';
import type { RtpPortPair } from '../../media/rtp-ports.ts';
import { DtmfSender } from '../../rtp/dtmf.ts';
import { parseRtp, RtpView } from '../../rtp/packet.ts';
import { ReceiveStats } from '../../rtp/receive-stats.ts';
import { RtpSender } from '../../rtp/sender.ts';
import type { AudioAgreement } from '../../sdp/phone-answer.ts';
import { FRAME, RATE, type SoundSource } from './sound-source.ts';
import { Timeline } from './timeline.ts';
import { ToolCodec } from './tool-codec.ts';

/** A key as it is sent, ms. */
const KEY_MS = 160;
/** Longest payload that is sent, bytes: Opus has no more for 20 ms at its bit rate here. */
const LARGEST = 400;

/** Gets what the phone hears: 8 kHz samples at their position in the call. */
export type Listener = (position: number, samples: Int16Array) => void;

/** One phone's RTP: sends a source every 20 ms, hears, counts. It plays nothing, so it needs no jitter buffer. */
export class PhoneMedia {
  readonly port: number;
  /** Level of the last frame heard and sent, dB of full scale. */
  heardDb = -127;
  sentDb = -127;
  received = 0;
  /** Arrival of the first packet, ms of the monotonic clock; undefined before. */
  firstAt: number | undefined;
  /** Longest time between two arrivals, ms. */
  longestGapMs = 0;
  readonly #pair: RtpPortPair;
  readonly #source: SoundSource;
  readonly #listener: Listener;
  readonly #sender: RtpSender;
  readonly #keys = new DtmfSender();
  readonly #stats = new ReceiveStats(RATE);
  readonly #codecs: VoiceCodecs;
  readonly #view = new RtpView();
  readonly #frame = new Int16Array(FRAME);
  readonly #payload = new Uint8Array(LARGEST);
  #timeline = new Timeline();
  #codec: ToolCodec | undefined;
  #agreement: AudioAgreement | undefined;
  #lastAt = 0;

  constructor(
    pair: RtpPortPair,
    source: SoundSource,
    listener: Listener,
    { codecs, random }: { readonly codecs: VoiceCodecs; readonly random: Random },
  ) {
    this.#pair = pair;
    this.#codecs = codecs;
    this.port = pair.rtp.local.port;
    this.#source = source;
    this.#listener = listener;
    this.#sender = new RtpSender(random, LARGEST);
    pair.rtp.onDatagram = (bytes) => this.#hear(bytes);
  }

  get sent(): number {
    return this.#sender.packets;
  }

  get lost(): number {
    return this.#stats.lost;
  }

  get jitterMs(): number {
    return this.#stats.jitterMs;
  }

  /** Begins to send, or goes on with what was agreed on anew. */
  start(agreement: AudioAgreement): void {
    this.#agreement = agreement;
    if (this.#codec?.format.mime === agreement.codec.mime) return;
    this.#codec?.close();
    this.#codec = ToolCodec.of(this.#codecs, agreement.codec);
    this.#stats.setClockRate(agreement.codec.clockRate);
    this.#timeline = new Timeline(agreement.codec.clockRate / RATE);
  }

  stop(): void {
    this.#agreement = undefined;
    this.#codec?.close();
    this.#codec = undefined;
  }

  /** Sends a key; false when the far end takes none, or it is none. */
  press(digit: string): boolean {
    return this.#agreement?.dtmfOut !== undefined && this.#keys.press(digit, KEY_MS);
  }

  /** Every 20 ms: the next frame on its way. */
  readonly tick = (): void => {
    const agreement = this.#agreement;
    const codec = this.#codec;
    if (agreement === undefined || codec === undefined) return;
    const packet = this.#nextPacket(agreement, codec);
    if (packet !== undefined) this.#pair.rtp.send(packet, agreement.remote.port, agreement.remote.address);
    this.#sender.advance(codec.ticks);
  };

  #nextPacket({ codec, dtmfOut }: AudioAgreement, coder: ToolCodec): Uint8Array | undefined {
    this.#source.fill(this.#frame);
    this.sentDb = -levelOf(this.#frame);
    const key =
      dtmfOut === undefined ? undefined : this.#keys.poll(this.#sender, dtmfOut, 20, coder.ticks / 20);
    if (key !== undefined) return key;
    const size = coder.encode(this.#frame, this.#payload);
    if (size === 0) return undefined;
    const marker = this.#sender.packets === 0 ? 'marker' : 'no-marker';
    return this.#sender.packet(this.#payload, 0, size, codec.payloadType, marker);
  }

  #hear(bytes: Uint8Array): void {
    const view = this.#view;
    if (parseRtp(bytes, bytes.length, view) !== undefined) return;
    const now = performance.now();
    if (!this.#stats.push(view, now)) return;
    this.received++;
    if (this.firstAt === undefined) this.firstAt = now;
    else this.longestGapMs = Math.max(this.longestGapMs, now - this.#lastAt);
    this.#lastAt = now;
    const codec = this.#agreement?.accept.find((format) => format.payloadType === view.payloadType);
    if (codec === undefined || this.#codec === undefined) return;
    const samples = this.#codec.decode(codec.mime, view.payload);
    if (samples.length === 0) return;
    this.heardDb = -levelOf(samples);
    this.#listener(this.#timeline.place(view, samples.length), samples);
  }
}
