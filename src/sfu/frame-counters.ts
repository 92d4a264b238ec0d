import type { LayeredPacket } from './svc.ts';
import { Vp9Descriptor } from './vp9.ts';

/** A frame's counters, as a receiver is to see them. */
export interface FrameCounters {
  /** Picture id, 15 bits; of AV1 the frame number, 16 bits. */
  picture: number;
  /** TL0PICIDX, 8 bits. */
  tl0: number;
  /** VP8's KEYIDX, 5 bits. */
  keyIndex: number;
}

/** Formats whose packets count frames. */
export type CountedCodec = 'vp8' | 'vp9' | 'av1';

/**
 * Keeps the counters of VP9 and AV1 going up for one receiver when its source changes: a key frame whose number is behind the last
 * one's is taken for an old one, and dropped. What is left out stays a gap, which these formats know of.
 */
export class FrameContinuity {
  readonly #counters: FrameCounters = { picture: 0, tl0: 0, keyIndex: 0 };
  #source = -1;
  #pictureOffset = 0;
  #tl0Offset = 0;
  #lastPicture = 0;
  #lastTl0 = 0;

  /** The counters of a packet that came from `source`, used again by the next; undefined: as they are. */
  map(packet: LayeredPacket, source: number): FrameCounters | undefined {
    const bits = packet.codec === 'av1' ? 16 : 15;
    const picture = packet.codec === 'av1' ? packet.frame : packet.pictureId;
    const tl0 = packet.codec === 'av1' ? 0 : packet.tl0;
    if (source !== this.#source) {
      if (this.#source === -1) {
        this.#lastPicture = picture;
        this.#lastTl0 = tl0;
      } else {
        this.#pictureOffset = this.#lastPicture + 1 - picture;
        this.#tl0Offset = this.#lastTl0 + 1 - tl0;
      }
      this.#source = source;
    }
    const counters = this.#counters;
    counters.picture = (picture + this.#pictureOffset) & ((1 << bits) - 1);
    counters.tl0 = (tl0 + this.#tl0Offset) & 0xff;
    if (isAhead(counters.picture, this.#lastPicture, bits)) this.#lastPicture = counters.picture;
    if (isAhead(counters.tl0, this.#lastTl0, 8)) this.#lastTl0 = counters.tl0;
    return this.#pictureOffset === 0 && this.#tl0Offset === 0 ? undefined : counters;
  }
}

const vp9 = new Vp9Descriptor();

/** Writes those counters that the VP9 payload `bytes[start, end)` has, in place. */
export function writeVp9Counters(
  bytes: Uint8Array,
  start: number,
  end: number,
  { picture, tl0 }: FrameCounters,
): void {
  if (!vp9.read(bytes, start, end)) return;
  const at = vp9.pictureIdAt;
  if (at !== 0 && vp9.longPictureId) {
    bytes[at] = 0x80 | (picture >> 8);
    bytes[at + 1] = picture;
  } else if (at !== 0) bytes[at] = picture & 0x7f;
  if (vp9.tl0At !== 0) bytes[vp9.tl0At] = tl0;
}

/** Writes the frame number of the Dependency Descriptor at `at` ("RTP Payload Format For AV1", appendix A.8.1). */
export function writeFrameNumber(bytes: Uint8Array, at: number, { picture }: FrameCounters): void {
  bytes[at + 1] = picture >> 8;
  bytes[at + 2] = picture;
}

/** `a` comes after `b` among counters of so many bits. */
export function isAhead(a: number, b: number, bits: number): boolean {
  const distance = (a - b) & ((1 << bits) - 1);
  return distance !== 0 && distance < 1 << (bits - 1);
}
