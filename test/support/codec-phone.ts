import type { VoiceCodecs, VoiceDecoder, VoiceEncoder } from '../../src/audio/codec.ts';
import { SineSource } from '../../src/audio/tones.ts';
import { frameLength, type MixRate, type VoiceFormat, voiceFormat } from '../../src/audio/voice-format.ts';
import type { LegCodec } from '../../src/leg/description.ts';
import { VoicePlayout } from '../../src/leg/voice-playout.ts';
import { parseRtp, RtpView } from '../../src/rtp/packet.ts';
import { RtpSender } from '../../src/rtp/sender.ts';
import type { LossyNet, VirtualSocket } from './lossy-net.ts';
import { describePhone, LegUnderTest } from './media-phone.ts';

/** The codecs of a trunk, with the numbers that they have in these tests. */
export const PHONE_CODECS = {
  PCMA: { mime: 'audio/pcma', payloadType: 8, clockRate: 8000 },
  PCMU: { mime: 'audio/pcmu', payloadType: 0, clockRate: 8000 },
  G722: { mime: 'audio/g722', payloadType: 9, clockRate: 8000 },
  OPUS: { mime: 'audio/opus', payloadType: 111, clockRate: 48_000, fmtp: 'useinbandfec=1' },
} as const satisfies Record<string, LegCodec>;

export type PhoneCodecName = keyof typeof PHONE_CODECS;

/** Lets promises run: spares are made by them. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** An encoder, waited for. */
export async function encoderOf(codecs: VoiceCodecs, format: VoiceFormat): Promise<VoiceEncoder> {
  for (let i = 0; i < 50; i++) {
    const encoder = codecs.encoder(format);
    if (encoder !== undefined) return encoder;
    await breathe();
  }
  throw new Error(`no encoder of ${format.mime}`);
}

/** A phone of any codec with its leg in the room: says a tone, keeps what it hears, at 16 kHz if its codec is wide. */
export class CodecPhone {
  readonly under: LegUnderTest;
  readonly socket: VirtualSocket;
  readonly rate: MixRate;
  talking = true;
  tone: SineSource;
  readonly #net: LossyNet;
  readonly #codec: LegCodec;
  readonly #encoder: VoiceEncoder;
  readonly #decoder: VoiceDecoder;
  readonly #playout: VoicePlayout;
  readonly #sender: RtpSender;
  readonly #heard: Int16Array[] = [];

  private constructor(
    net: LossyNet,
    options: { address: string; codec: LegCodec; frequency: number; amplitude: number; codecs: VoiceCodecs },
    encoder: VoiceEncoder,
    decoder: VoiceDecoder,
  ) {
    const { address, codec, frequency, amplitude, codecs } = options;
    this.#net = net;
    this.#codec = codec;
    this.#encoder = encoder;
    this.#decoder = decoder;
    this.rate = decoder.sampleRate as MixRate;
    this.tone = new SineSource(frequency, amplitude, this.rate);
    this.under = new LegUnderTest(net, 30_000, codecs);
    this.socket = net.open(address);
    this.#sender = new RtpSender(net.random, 960);
    this.#playout = new VoicePlayout(
      { clockRate: codec.clockRate, sampleRate: this.rate },
      () => this.#decoder,
    );
    const view = new RtpView();
    this.socket.onDatagram = (bytes) => {
      if (parseRtp(bytes, bytes.length, view) !== undefined) throw new Error('not RTP');
      if (view.payloadType === codec.payloadType) this.#playout.push(view, net.now());
    };
    this.under.leg.apply(
      describePhone(address, this.socket.local.port, {
        codec,
        accept: Object.values(PHONE_CODECS),
      }),
      net.now(),
    );
  }

  static async open(
    net: LossyNet,
    codecs: VoiceCodecs,
    name: PhoneCodecName,
    address: string,
    frequency: number,
    amplitude = 6000,
  ): Promise<CodecPhone> {
    const codec: LegCodec = PHONE_CODECS[name];
    const format = voiceFormat(codec.mime, codec.fmtp ?? '')!;
    const encoder = await encoderOf(codecs, format);
    const decoder = codecs.decoder(codec.mime, format.sampleRate)!;
    return new CodecPhone(net, { address, codec, frequency, amplitude, codecs }, encoder, decoder);
  }

  /** Sends 20 ms of its tone. */
  speak(): void {
    const frame = new Int16Array(frameLength(this.rate));
    this.tone.fill(frame);
    if (!this.talking) frame.fill(0);
    const payload = new Uint8Array(960);
    const size = this.#encoder.encode(frame, payload, 0);
    const packet = this.#sender.packet(payload, 0, size, this.#codec.payloadType, 'no-marker');
    const { port, address } = this.under.rtp.local;
    this.socket.send(packet, port, address);
    this.#sender.advance(this.#codec.clockRate / 50);
  }

  /** Plays 20 ms of what it received. */
  listen(): void {
    const frame = new Int16Array(frameLength(this.rate));
    this.#playout.pull(this.#net.now(), frame);
    this.#heard.push(frame);
  }

  /** All that it heard between two times, ms. */
  recording(fromMs = 0, toMs = Number.POSITIVE_INFINITY): Int16Array {
    const frames = this.#heard.slice(fromMs / 20, toMs / 20);
    const samples = new Int16Array(frames.length * frameLength(this.rate));
    frames.forEach((frame, i) => {
      samples.set(frame, i * frame.length);
    });
    return samples;
  }

  close(): void {
    this.under.leg.close(this.#net.now());
    this.#encoder.free();
    this.#decoder.free();
  }
}
