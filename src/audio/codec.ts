/**
 * The codec port: what a playout or an encoder of the room needs to know of a codec. G.711 and G.722 are built in
 * (`built-in-codecs.ts`); Opus comes from `adapters/opus`. Samples are always mono.
 */
import type { VoiceFormat } from './voice-format.ts';

/** Decodes one stream. Bad payloads are answered, never thrown; state belongs to one SSRC. */
export interface VoiceDecoder {
  /** Samples a second of what comes out. */
  readonly sampleRate: number;
  /** RTP timestamp ticks a second (RFC 3551, RFC 7587). */
  readonly clockRate: number;
  /** How many output samples the payload holds, or 0 when it is none of this codec. */
  samplesIn(payload: Uint8Array): number;
  /** Decodes into `into` at `at`; answers the samples written, or -1 when the payload is bad. */
  decode(payload: Uint8Array, into: Int16Array, at: number): number;
  /** The codec's own concealment of `count` lost samples, or undefined when it has none and waveform substitution serves. */
  readonly conceal: ((count: number, into: Int16Array, at: number) => number) | undefined;
  /** Rebuilds the `count` samples before `next` from the redundancy in `next` (Opus in-band FEC), or -1; undefined when the codec has none. */
  readonly recover: ((next: Uint8Array, count: number, into: Int16Array, at: number) => number) | undefined;
  /** Gives memory outside the heap back. */
  free(): void;
}

/** Encodes one stream. */
export interface VoiceEncoder {
  readonly sampleRate: number;
  readonly clockRate: number;
  /** Encodes one frame into `into` at `at`; answers the bytes written. */
  encode(frame: Int16Array, into: Uint8Array, at: number): number;
  /**
   * Takes over where `other`, an encoder of the same format, stands, so that its listener may go on with this one;
   * undefined when the codec cannot.
   */
  readonly adopt: ((other: VoiceEncoder) => void) | undefined;
  free(): void;
}

/** Opens decoders and encoders. */
export interface VoiceCodecs {
  /** A decoder of `mime` (`audio/opus`) to `sampleRate`, 8000 or 16000; undefined when there is none for it, or none just now (ask again next tick). */
  decoder(mime: string, sampleRate: number): VoiceDecoder | undefined;
  /** True when {@link decoder} knows `mime`. */
  decodes(mime: string): boolean;
  /** An encoder of 20 ms frames; undefined when there is none for the format, or none just now (ask again next tick). */
  encoder(format: VoiceFormat): VoiceEncoder | undefined;
}
