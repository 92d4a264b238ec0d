import { OpusCodecs } from '../../adapters/opus/opus-codecs.ts';
import { builtInCodecs } from '../../audio/built-in-codecs.ts';
import type { VoiceCodecs, VoiceDecoder, VoiceEncoder } from '../../audio/codec.ts';
import { Resampler } from '../../audio/resample.ts';
import { frameLength, type VoiceFormat, voiceFormat } from '../../audio/voice-format.ts';
import type { AudioFormat, PhoneCodec } from '../../sdp/phone-codec.ts';
import { FRAME, RATE } from './sound-source.ts';

/** Codecs that the tools' phones talk in, by the names of `--codec`. */
export const TOOL_CODECS: readonly PhoneCodec[] = ['PCMA', 'PCMU', 'G722', 'OPUS'];

/** The codec of that name, in any case; undefined when it is none of theirs. */
export function toolCodec(name: string): PhoneCodec | undefined {
  return TOOL_CODECS.find((each) => each === name.toUpperCase());
}

/** What is needed to talk in one of `names`: libopus is loaded for Opus alone. */
export async function openToolCodecs(names: readonly PhoneCodec[]): Promise<VoiceCodecs> {
  return names.includes('OPUS') ? await OpusCodecs.load() : builtInCodecs;
}

/** 60 ms. */
const LONGEST = 3 * FRAME;

/** One call's codec, towards the tools' sounds of 8 kHz: a wide codec is fed what they become at its rate. */
export class ToolCodec {
  readonly format: AudioFormat;
  /** RTP ticks of 20 ms. */
  readonly ticks: number;
  readonly #codecs: VoiceCodecs;
  readonly #voice: VoiceFormat;
  readonly #up: Resampler | undefined;
  readonly #wide: Int16Array;
  readonly #decoded = new Int16Array(LONGEST);
  readonly #decoders = new Map<string, VoiceDecoder>();
  #encoder: VoiceEncoder | undefined;

  /** Undefined when nothing here encodes `format`. */
  static of(codecs: VoiceCodecs, format: AudioFormat): ToolCodec | undefined {
    const voice = voiceFormat(format.mime, format.fmtp);
    return voice && new ToolCodec(codecs, format, voice);
  }

  private constructor(codecs: VoiceCodecs, format: AudioFormat, voice: VoiceFormat) {
    this.#codecs = codecs;
    this.format = format;
    this.#voice = voice;
    this.ticks = 20 * voice.ticksPerMs;
    this.#wide = new Int16Array(frameLength(voice.sampleRate));
    this.#up = voice.sampleRate === RATE ? undefined : new Resampler(RATE, voice.sampleRate);
  }

  /** Encodes 20 ms; answers the bytes written, 0 while no encoder is at hand. */
  encode(frame: Int16Array, into: Uint8Array): number {
    this.#encoder ??= this.#codecs.encoder(this.#voice);
    if (this.#up === undefined) return this.#encoder?.encode(frame, into, 0) ?? 0;
    this.#up.process(frame, this.#wide);
    return this.#encoder?.encode(this.#wide, into, 0) ?? 0;
  }

  /** The samples of a packet in a codec of `mime`, good until the next; none when it cannot be read. */
  decode(mime: string, payload: Uint8Array): Int16Array {
    let decoder = this.#decoders.get(mime);
    if (decoder === undefined) {
      decoder = this.#codecs.decoder(mime, RATE);
      if (decoder !== undefined) this.#decoders.set(mime, decoder);
    }
    const count = decoder?.decode(payload, this.#decoded, 0) ?? 0;
    return this.#decoded.subarray(0, Math.max(0, count));
  }

  close(): void {
    this.#encoder?.free();
    for (const decoder of this.#decoders.values()) decoder.free();
    this.#decoders.clear();
  }
}
