import type { VoiceCodecs, VoiceEncoder } from '../audio/codec.ts';
import { frameLength, type VoiceFormat } from '../audio/voice-format.ts';

/** The longest frame of any codec here, bytes: libopus keeps to it. */
const LARGEST = 240;
/** What G.711 and G.722 make of 20 ms. */
const OCTETS = 160;
/** Opus for nothing, where no encoder is at hand: a header without a frame (RFC 6716 section 3.1), 20 ms of SILK, wide-band. */
const NOTHING = Uint8Array.of(9 << 3);

/** Makes payloads without allocating where their length is always the same. */
export class PayloadBuffer {
  readonly #bytes = new Uint8Array(LARGEST);
  readonly #octets = this.#bytes.subarray(0, OCTETS);

  /** The payload of a frame; good until the next one. */
  encode(encoder: VoiceEncoder | undefined, frame: Int16Array): Uint8Array {
    if (encoder === undefined) return NOTHING;
    const size = encoder.encode(frame, this.#bytes, 0);
    return size === OCTETS ? this.#octets : this.#bytes.subarray(0, size);
  }
}

/** All phones of a room that are sent the same format: what they hear is encoded once for those who do not talk. */
export class MixGroup {
  readonly format: VoiceFormat;
  /** Phones served in this frame. */
  served = 0;
  readonly #codecs: VoiceCodecs;
  readonly #buffer = new PayloadBuffer();
  #encoder: VoiceEncoder | undefined;
  #payload: Uint8Array | undefined;
  #silence: Uint8Array | undefined;

  constructor(format: VoiceFormat, codecs: VoiceCodecs) {
    this.format = format;
    this.#codecs = codecs;
  }

  /** A new frame begins. */
  begin(): void {
    this.served = 0;
    this.#payload = undefined;
  }

  /** What all hear who do not talk: the `frame`, encoded once. */
  shared(frame: Int16Array): Uint8Array {
    this.#payload ??= this.#buffer.encode(this.encoder(), frame);
    return this.#payload;
  }

  /** 20 ms of nothing, in a format without memory. */
  silence(): Uint8Array {
    this.#silence ??= new PayloadBuffer().encode(
      this.encoder(),
      new Int16Array(frameLength(this.format.sampleRate)),
    );
    return this.#silence;
  }

  /** The group's own encoder. */
  encoder(): VoiceEncoder | undefined {
    this.#encoder ??= this.#codecs.encoder(this.format);
    return this.#encoder;
  }

  /** One more encoder of the format, that goes on where the group's own stands if the codec can. */
  another(): VoiceEncoder | undefined {
    const encoder = this.#codecs.encoder(this.format);
    if (encoder !== undefined && this.#encoder !== undefined) encoder.adopt?.(this.#encoder);
    return encoder;
  }

  close(): void {
    this.#encoder?.free();
    this.#encoder = undefined;
  }
}
