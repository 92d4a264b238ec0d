/**
 * Opus (RFC 6716, RFC 7587) by libopus-wasm behind the codec port. libopus-wasm opens decoders by promise; a room
 * needs one within a tick: so a few are kept ready and made up for in the background.
 */
import {
  Application,
  createDecoder,
  createEncoder,
  loadLibopus,
  type OpusDecoderHandle,
  type OpusEncoderHandle,
  type SampleRate,
  Signal,
} from 'libopus-wasm';
import { g711Codecs, type VoiceCodecs, type VoiceDecoder, type VoiceEncoder } from '../../audio/codec.ts';

const OPUS_CLOCK = 48_000;
const MAX_PACKET = 1275;
/** Settings of an encoder; `rate` in Hz, `bitrate` in bit/s, `lossPercent` > 0 adds in-band FEC. */
export interface OpusEncoderOptions {
  readonly rate: 8000 | 16000 | 48000;
  readonly bitrate: number;
  readonly complexity: number;
  readonly lossPercent: number;
  readonly dtx: boolean;
}

/** All codecs of a media worker: G.711 and Opus. */
export class OpusCodecs implements VoiceCodecs {
  readonly #rate: SampleRate;
  readonly #spares: number;
  readonly #ready: OpusDecoderHandle[] = [];
  #coming = 0;
  #closed = false;
  /** Set when libopus refused a decoder in the background: the owner's to report. */
  onFailure: (error: unknown) => void = () => {};

  private constructor(rate: SampleRate, spares: number) {
    this.#rate = rate;
    this.#spares = spares;
  }

  /** Loads libopus (20 ms) and makes `spares` decoders to `rate`. Rejects when WebAssembly fails. */
  static async load(rate: 8000 | 16000 = 8000, spares = 16): Promise<OpusCodecs> {
    await loadLibopus();
    const codecs = new OpusCodecs(rate, spares);
    for (let i = 0; i < spares; i++)
      codecs.#ready.push(await createDecoder({ sampleRate: rate, channels: 1 }));
    return codecs;
  }

  decodes(mime: string): boolean {
    return mime === 'audio/opus' || g711Codecs.decodes(mime);
  }

  decoder(mime: string, sampleRate: number): VoiceDecoder | undefined {
    if (mime !== 'audio/opus') return g711Codecs.decoder(mime, sampleRate);
    if (sampleRate !== this.#rate || this.#closed) return undefined;
    const handle = this.#ready.pop();
    this.#refill();
    return handle === undefined ? undefined : new OpusVoiceDecoder(handle);
  }

  /** Frees the spare decoders. */
  close(): void {
    this.#closed = true;
    for (const handle of this.#ready.splice(0)) handle.free();
  }

  #refill(): void {
    while (this.#ready.length + this.#coming < this.#spares) {
      this.#coming++;
      createDecoder({ sampleRate: this.#rate, channels: 1 }).then(
        (handle) => {
          this.#coming--;
          if (this.#closed) handle.free();
          else this.#ready.push(handle);
        },
        (error: unknown) => {
          this.#coming--;
          this.onFailure(error);
        },
      );
    }
  }
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
    frameSize: options.rate / 50,
  });
  return new OpusVoiceEncoder(handle);
}

class OpusVoiceEncoder implements VoiceEncoder {
  readonly clockRate = OPUS_CLOCK;
  readonly sampleRate: number;
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

/** How long a packet lasts in µs by its TOC byte and frame count (RFC 6716 section 3.1, 3.2); 0 when it is none. */
export function packetMicros(payload: Uint8Array): number {
  if (payload.length === 0) return 0;
  const toc = payload[0]!;
  const config = toc >> 3;
  const frame =
    config < 12
      ? [10_000, 20_000, 40_000, 60_000][config & 3]!
      : config < 16
        ? [10_000, 20_000][config & 1]!
        : [2500, 5000, 10_000, 20_000][config & 3]!;
  const code = toc & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : payload.length < 2 ? 0 : payload[1]! & 0x3f;
  const micros = frame * frames;
  return micros > 120_000 ? 0 : micros;
}
