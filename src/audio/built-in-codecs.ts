/** The codecs that need nothing from outside: PCMA, PCMU and G.722, at 8 or 16 kHz. */
import type { VoiceCodecs, VoiceDecoder, VoiceEncoder } from './codec.ts';
import { decodeG711, encodeG711, type G711Law, lawOf } from './g711.ts';
import { G722Decoder, G722Encoder } from './g722.ts';
import { ResampledDecoder } from './resampled-decoder.ts';
import type { VoiceFormat } from './voice-format.ts';

/** RTP ticks a second of all of them: G.722's too, though it has twice the samples (RFC 3551 section 4.5.2). */
const CLOCK = 8000;

/** A decoder of one of the two laws, to 8 kHz. It has no state: one serves all streams of a thread. */
export class G711Decoder implements VoiceDecoder {
  readonly sampleRate = 8000;
  readonly clockRate = CLOCK;
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

class G711Encoder implements VoiceEncoder {
  readonly sampleRate = 8000;
  readonly clockRate = CLOCK;
  readonly adopt = undefined;
  readonly #law: G711Law;

  constructor(law: G711Law) {
    this.#law = law;
  }

  encode(frame: Int16Array, into: Uint8Array, at: number): number {
    return encodeG711(this.#law, frame, 0, frame.length, into, at);
  }

  free(): void {}
}

class G722VoiceDecoder implements VoiceDecoder {
  readonly sampleRate = 16_000;
  readonly clockRate = CLOCK;
  readonly conceal = undefined;
  readonly recover = undefined;
  readonly #decoder = new G722Decoder();

  samplesIn(payload: Uint8Array): number {
    return 2 * payload.length;
  }

  decode(payload: Uint8Array, into: Int16Array, at: number): number {
    return this.#decoder.decode(payload, 0, payload.length, into, at);
  }

  free(): void {}
}

class G722VoiceEncoder implements VoiceEncoder {
  readonly sampleRate = 16_000;
  readonly clockRate = CLOCK;
  readonly #encoder = new G722Encoder();

  encode(frame: Int16Array, into: Uint8Array, at: number): number {
    return this.#encoder.encode(frame, 0, frame.length, into, at);
  }

  adopt(other: VoiceEncoder): void {
    if (other instanceof G722VoiceEncoder) this.#encoder.adopt(other.#encoder);
  }

  free(): void {}
}

/** PCMA, PCMU and G.722. */
export const builtInCodecs: VoiceCodecs = {
  decoder(mime, sampleRate) {
    const law = lawOf(mime);
    const decoder =
      law !== undefined ? new G711Decoder(law) : mime === 'audio/g722' ? new G722VoiceDecoder() : undefined;
    return decoder === undefined ? undefined : atRate(decoder, sampleRate);
  },
  decodes(mime) {
    return mime === 'audio/g722' || lawOf(mime) !== undefined;
  },
  encoder({ mime }: VoiceFormat) {
    const law = lawOf(mime);
    if (law !== undefined) return new G711Encoder(law);
    return mime === 'audio/g722' ? new G722VoiceEncoder() : undefined;
  },
};

/** `decoder`, or what hears it at `sampleRate`; undefined for a rate that is neither its own, nor twice, nor half. */
export function atRate(decoder: VoiceDecoder, sampleRate: number): VoiceDecoder | undefined {
  if (decoder.sampleRate === sampleRate) return decoder;
  if (sampleRate !== 8000 && sampleRate !== 16_000) return undefined;
  return new ResampledDecoder(decoder, sampleRate);
}
