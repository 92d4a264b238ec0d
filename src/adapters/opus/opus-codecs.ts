/**
 * Opus (RFC 6716, RFC 7587) by libopus-wasm behind the codec port. libopus-wasm opens decoders by promise; a room
 * needs one within a tick: so a few are kept ready and made up for in the background.
 */
import {
  Application,
  Bandwidth,
  createDecoder,
  createEncoder,
  loadLibopus,
  type OpusDecoderHandle,
  type OpusEncoderHandle,
  Signal,
} from 'libopus-wasm';
import { atRate, builtInCodecs } from '../../audio/built-in-codecs.ts';
import type { VoiceCodecs, VoiceDecoder, VoiceEncoder } from '../../audio/codec.ts';
import { packetMicros } from '../../audio/opus-packet.ts';
import type { VoiceFormat } from '../../audio/voice-format.ts';
import { Spares } from './spares.ts';

const OPUS_CLOCK = 48_000;
const MAX_PACKET = 1275;
/** What phones are sent: wide-band voice; with redundancy as libopus gives it for 10 % loss. */
const PHONE_COMPLEXITY = 5;
const PHONE_LOSS = 10;
/** Decoders' rate, Hz: SILK's own highest, and what costs least. */
const DECODED = 16_000;
/** Encoders kept ready for each format in which one was ever wanted. */
const SPARE_ENCODERS = 2;

/** Settings of an encoder; `rate` in Hz, `bitrate` in bit/s, `lossPercent` > 0 adds in-band FEC. */
export interface OpusEncoderOptions {
  readonly rate: 8000 | 16000 | 48000;
  readonly bitrate: number;
  readonly complexity: number;
  readonly lossPercent: number;
  readonly dtx: boolean;
}

/** All codecs of a media worker: G.711, G.722 and Opus. */
export class OpusCodecs implements VoiceCodecs {
  readonly #decoders: Spares<OpusDecoderHandle>;
  readonly #encoders = new Map<VoiceFormat, Spares<VoiceEncoder>>();
  /** Set when libopus refused something in the background: the owner's to report. */
  onFailure: (error: unknown) => void = () => {};

  private constructor(spares: number) {
    const onFailure = (error: unknown): void => this.onFailure(error);
    this.#decoders = new Spares(spares, () => createDecoder({ sampleRate: DECODED, channels: 1 }), onFailure);
  }

  /** Loads libopus (20 ms) and makes `spares` decoders. Rejects when WebAssembly fails. */
  static async load(spares = 16): Promise<OpusCodecs> {
    await loadLibopus();
    const codecs = new OpusCodecs(spares);
    await codecs.#decoders.fill();
    return codecs;
  }

  decodes(mime: string): boolean {
    return mime === 'audio/opus' || builtInCodecs.decodes(mime);
  }

  decoder(mime: string, sampleRate: number): VoiceDecoder | undefined {
    if (mime !== 'audio/opus') return builtInCodecs.decoder(mime, sampleRate);
    const handle = this.#decoders.take();
    return handle === undefined ? undefined : atRate(new OpusVoiceDecoder(handle), sampleRate);
  }

  encoder(format: VoiceFormat): VoiceEncoder | undefined {
    if (format.mime !== 'audio/opus') return builtInCodecs.encoder(format);
    let spares = this.#encoders.get(format);
    if (spares === undefined) {
      spares = new Spares(
        SPARE_ENCODERS,
        () => openPhoneEncoder(format),
        (error) => this.onFailure(error),
      );
      this.#encoders.set(format, spares);
    }
    return spares.take();
  }

  /** Frees what is ready and unused. */
  close(): void {
    this.#decoders.close();
    for (const spares of this.#encoders.values()) spares.close();
  }
}

function openPhoneEncoder(format: VoiceFormat): Promise<VoiceEncoder> {
  return openOpusEncoder({
    rate: format.sampleRate,
    bitrate: format.bitrate,
    complexity: PHONE_COMPLEXITY,
    lossPercent: format.redundancy === 'in-band' ? PHONE_LOSS : 0,
    dtx: format.silence === 'dropped',
  });
}

/** A decoder by itself, mono, for a recording. Rejects when WebAssembly fails. */
export async function openOpusDecoder(): Promise<VoiceDecoder> {
  await loadLibopus();
  return new OpusVoiceDecoder(await createDecoder({ sampleRate: DECODED, channels: 1 }));
}

/** One stream's decoder, mono. */
class OpusVoiceDecoder implements VoiceDecoder {
  readonly clockRate = OPUS_CLOCK;
  readonly sampleRate: number;
  readonly #handle: OpusDecoderHandle;

  constructor(handle: OpusDecoderHandle) {
    this.#handle = handle;
    this.sampleRate = handle.sampleRate;
  }

  samplesIn(payload: Uint8Array): number {
    return (packetMicros(payload) * this.sampleRate) / 1_000_000;
  }

  decode(payload: Uint8Array, into: Int16Array, at: number): number {
    const expected = this.samplesIn(payload);
    if (expected === 0 || payload.length > MAX_PACKET * 3 || at + expected > into.length) return -1;
    return this.#run(payload, into, at, { maxFrameSize: expected });
  }

  /** RFC 6716 section 4.4: libopus invents in steps of 2.5 ms, 120 ms at most. */
  conceal(count: number, into: Int16Array, at: number): number {
    const step = this.sampleRate / 400;
    const frameSize = Math.min(48, Math.ceil(count / step)) * step;
    return at + frameSize > into.length ? -1 : this.#run(null, into, at, { frameSize });
  }

  recover(next: Uint8Array, count: number, into: Int16Array, at: number): number {
    const step = this.sampleRate / 400;
    if (count % step !== 0 || at + count > into.length || packetMicros(next) === 0) return -1;
    return this.#run(next, into, at, { frameSize: count, decodeFec: true });
  }

  free(): void {
    this.#handle.free();
  }

  /** libopus-wasm throws on what libopus refuses; here bad input is an answer. */
  #run(
    payload: Uint8Array | null,
    into: Int16Array,
    at: number,
    options: Parameters<OpusDecoderHandle['decode']>[1],
  ): number {
    try {
      const samples = this.#handle.decode(payload, options);
      into.set(samples, at);
      return samples.length;
    } catch {
      return -1;
    }
  }
}

/** Encodes one stream, mono, 20 ms frames. Rejects when libopus refuses the settings. */
export async function openOpusEncoder(options: OpusEncoderOptions): Promise<VoiceEncoder> {
  const handle = await createEncoder({
    sampleRate: options.rate,
    channels: 1,
    application: Application.Voip,
    signal: Signal.Voice,
    bitrate: options.bitrate,
    complexity: options.complexity,
    fec: options.lossPercent > 0,
    packetLossPercent: options.lossPercent,
    dtx: options.dtx,
    ...(options.rate === 16_000 && { maxBandwidth: Bandwidth.Wideband }),
    frameSize: options.rate / 50,
  });
  return new OpusVoiceEncoder(handle);
}

class OpusVoiceEncoder implements VoiceEncoder {
  readonly clockRate = OPUS_CLOCK;
  readonly sampleRate: number;
  /** libopus does not let one encoder go on where another stands. */
  readonly adopt = undefined;
  readonly #handle: OpusEncoderHandle;

  constructor(handle: OpusEncoderHandle) {
    this.#handle = handle;
    this.sampleRate = handle.sampleRate;
  }

  /** `frame` may last 10, 20, 40 or 60 ms. */
  encode(frame: Int16Array, into: Uint8Array, at: number): number {
    const packet = this.#handle.encode(frame, {
      frameSize: frame.length,
      maxPacketBytes: Math.min(MAX_PACKET, into.length - at),
    });
    into.set(packet, at);
    return packet.length;
  }

  free(): void {
    this.#handle.free();
  }
}
