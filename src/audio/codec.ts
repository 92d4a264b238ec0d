/**
 * The codec port: what a playout or an encoder of the room needs to know of a codec. G.711 is built in below; Opus
 * comes from `adapters/opus`. Samples are always mono at the rate that the decoder was asked for.
 */
import { decodeG711, type G711Law } from './g711.ts';

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
  free(): void;
}

/** Opens decoders and encoders. */
export interface VoiceCodecs {
  /** A decoder of `mime` (`audio/opus`) to `sampleRate`; undefined when there is none for it, or none just now (ask again next tick). */
  decoder(mime: string, sampleRate: number): VoiceDecoder | undefined;
  /** True when {@link decoder} knows `mime`. */
  decodes(mime: string): boolean;
}

const G711_RATE = 8000;

/** A decoder of one of the two laws, to 8 kHz. It has no state: one serves all streams of a thread. */
export class G711Decoder implements VoiceDecoder {
  readonly sampleRate = G711_RATE;
  readonly clockRate = G711_RATE;
  readonly conceal = undefined;
  readonly recover = undefined;
  readonly law: G711Law;

  constructor(law: G711Law) {
    this.law = law;
  }

  samplesIn(payload: Uint8Array): number {
    return payload.length;
  }

  decode(payload: Uint8Array, into: Int16Array, at: number): number {
    return decodeG711(this.law, payload, 0, payload.length, into, at);
  }

  free(): void {}
}

/** The codecs that need nothing from outside: PCMA and PCMU at 8 kHz. */
export const g711Codecs: VoiceCodecs = {
  decoder(mime, sampleRate) {
    if (sampleRate !== G711_RATE) return undefined;
    if (mime === 'audio/pcma') return new G711Decoder('pcma');
    if (mime === 'audio/pcmu') return new G711Decoder('pcmu');
    return undefined;
  },
  decodes(mime) {
    return mime === 'audio/pcma' || mime === 'audio/pcmu';
  },
};
