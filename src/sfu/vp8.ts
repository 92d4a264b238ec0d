import type { FrameCounters } from './frame-counters.ts';

/** The VP8 payload descriptor (RFC 7741 section 4.2): where its counters are, which temporal layer it is, and what begins. */
export class Vp8Descriptor {
  /** Offset of the 7- or 15-bit picture id, or 0. */
  pictureIdAt = 0;
  longPictureId = false;
  pictureId = 0;
  /** Offset of TL0PICIDX, or 0. */
  tl0At = 0;
  tl0 = 0;
  /** Offset of the octet with TID, Y and KEYIDX, or 0; the last only when K is set. */
  keyIndexAt = 0;
  keyIndex = 0;
  keyFrameStart = false;
  /** A frame begins here. */
  frameStart = false;
  /** Temporal layer, 0 the one on which all others stand; 0 when the stream has none. */
  temporal = 0;
  /** Y: the frame needs temporal layer 0 alone, and one may begin to send its layer here. */
  layerSync = false;

  /** Reads the descriptor of the payload `bytes[start, end)`; false when it is none. Allocates nothing. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    this.pictureIdAt = 0;
    this.tl0At = 0;
    this.keyIndexAt = 0;
    this.keyFrameStart = false;
    this.frameStart = false;
    this.temporal = 0;
    this.layerSync = false;
    let at = start;
    if (at >= end) return false;
    const first = bytes[at++]!;
    if (first & 0x80) {
      if (at >= end) return false;
      const present = bytes[at++]!;
      if (present & 0x80) {
        if (at >= end) return false;
        this.longPictureId = (bytes[at]! & 0x80) !== 0;
        if (this.longPictureId && at + 1 >= end) return false;
        this.pictureIdAt = at;
        this.pictureId = this.longPictureId ? ((bytes[at]! & 0x7f) << 8) | bytes[at + 1]! : bytes[at]!;
        at += this.longPictureId ? 2 : 1;
      }
      if (present & 0x40) {
        if (at >= end) return false;
        this.tl0At = at;
        this.tl0 = bytes[at++]!;
      }
      if (present & 0x30) {
        if (at >= end) return false;
        if (present & 0x20) {
          this.temporal = bytes[at]! >> 6;
          this.layerSync = (bytes[at]! & 0x20) !== 0;
        }
        if (present & 0x10) {
          this.keyIndexAt = at;
          this.keyIndex = bytes[at]! & 0x1f;
        }
        at++;
      }
    }
    if (at >= end) return false;
    // RFC 7741 section 4.3: P = 0 in the first octet of a frame's first partition is a key frame.
    this.frameStart = (first & 0x17) === 0x10;
    this.keyFrameStart = (first & 0x17) === 0x10 && (bytes[at]! & 0x01) === 0;
    return true;
  }

  /** The payload was copied to elsewhere, so many bytes further behind. */
  moveBy(offset: number): void {
    if (this.pictureIdAt !== 0) this.pictureIdAt += offset;
    if (this.tl0At !== 0) this.tl0At += offset;
    if (this.keyIndexAt !== 0) this.keyIndexAt += offset;
  }
}

/** Writes those counters that the descriptor has, in place. */
export function writeVp8Counters(bytes: Uint8Array, found: Vp8Descriptor, counters: FrameCounters): void {
  if (found.pictureIdAt !== 0) {
    if (found.longPictureId) {
      bytes[found.pictureIdAt] = 0x80 | (counters.picture >> 8);
      bytes[found.pictureIdAt + 1] = counters.picture;
    } else bytes[found.pictureIdAt] = counters.picture & 0x7f;
  }
  if (found.tl0At !== 0) bytes[found.tl0At] = counters.tl0;
  if (found.keyIndexAt !== 0) bytes[found.keyIndexAt] = (bytes[found.keyIndexAt]! & 0xe0) | counters.keyIndex;
}
