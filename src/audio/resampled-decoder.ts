/** A codec heard at twice or half the rate that it decodes to: narrow-band sound for a wide playout, or the other way. */
import type { VoiceDecoder } from './codec.ts';
import { Resampler } from './resample.ts';

/** 120 ms at 16 kHz, the longest packet of any codec here. */
const LONGEST = 1920;

/** Wraps `inner`; the resampler's state belongs to the stream, as the decoder's does. */
export class ResampledDecoder implements VoiceDecoder {
  readonly sampleRate: number;
  readonly clockRate: number;
  readonly conceal: VoiceDecoder['conceal'];
  readonly recover: VoiceDecoder['recover'];
  readonly #inner: VoiceDecoder;
  readonly #resampler: Resampler;
  readonly #scratch = new Int16Array(LONGEST);

  constructor(inner: VoiceDecoder, sampleRate: number) {
    this.#inner = inner;
    this.sampleRate = sampleRate;
    this.clockRate = inner.clockRate;
    this.#resampler = new Resampler(inner.sampleRate, sampleRate);
    const { conceal, recover } = inner;
    this.conceal =
      conceal &&
      ((count, into, at) =>
        this.#finish(conceal.call(inner, this.#inside(count), this.#scratch, 0), into, at));
    this.recover =
      recover &&
      ((next, count, into, at) =>
        this.#finish(recover.call(inner, next, this.#inside(count), this.#scratch, 0), into, at));
  }

  samplesIn(payload: Uint8Array): number {
    return Math.floor((this.#inner.samplesIn(payload) * this.sampleRate) / this.#inner.sampleRate);
  }

  decode(payload: Uint8Array, into: Int16Array, at: number): number {
    if (this.#inner.samplesIn(payload) > LONGEST) return -1;
    return this.#finish(this.#inner.decode(payload, this.#scratch, 0), into, at);
  }

  free(): void {
    this.#inner.free();
  }

  #inside(count: number): number {
    return Math.ceil((count * this.#inner.sampleRate) / this.sampleRate);
  }

  #finish(decoded: number, into: Int16Array, at: number): number {
    if (decoded <= 0 || at + this.#resampler.outputLength(decoded) > into.length) return -1;
    return this.#resampler.process(this.#scratch.subarray(0, decoded), into.subarray(at));
  }
}
