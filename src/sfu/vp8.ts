/** The VP8 payload descriptor (RFC 7741 section 4.2): where its counters are, and whether a key frame begins. */
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

  /** Reads the descriptor of the payload `bytes[start, end)`; false when it is none. Allocates nothing. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    this.pictureIdAt = 0;
    this.tl0At = 0;
    this.keyIndexAt = 0;
    this.keyFrameStart = false;
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
        if (present & 0x10) {
          this.keyIndexAt = at;
          this.keyIndex = bytes[at]! & 0x1f;
        }
        at++;
      }
    }
    if (at >= end) return false;
    // RFC 7741 section 4.3: P = 0 in the first octet of a frame's first partition is a key frame.
    this.keyFrameStart = (first & 0x17) === 0x10 && (bytes[at]! & 0x01) === 0;
    return true;
  }
}

/**
 * Keeps a VP8 stream's counters continuous for one receiver when its source changes: a decoder takes a jump of the
 * picture id or TL0PICIDX for a loss and freezes.
 */
export class Vp8Continuity {
  readonly #descriptor = new Vp8Descriptor();
  #started = false;
  #pictureOffset = 0;
  #tl0Offset = 0;
  #keyIndexOffset = 0;
  #lastPicture = 0;
  #lastTl0 = 0;
  #lastKeyIndex = 0;

  /** Rewrites the counters of the payload `bytes[start, end)` in place. `switched`: it is the first of another source. */
  rewrite(bytes: Uint8Array, start: number, end: number, moment: 'switched' | 'going-on'): void {
    const found = this.#descriptor;
    if (!found.read(bytes, start, end)) return;
    if (moment === 'switched' && this.#started) {
      this.#pictureOffset = this.#lastPicture + 1 - found.pictureId;
      this.#tl0Offset = this.#lastTl0 + 1 - found.tl0;
      this.#keyIndexOffset = this.#lastKeyIndex + 1 - found.keyIndex;
    }
    this.#started = true;
    if (found.pictureIdAt !== 0) {
      const picture = (found.pictureId + this.#pictureOffset) & 0x7fff;
      if (found.longPictureId) {
        bytes[found.pictureIdAt] = 0x80 | (picture >> 8);
        bytes[found.pictureIdAt + 1] = picture;
      } else bytes[found.pictureIdAt] = picture & 0x7f;
      if (isAhead(picture, this.#lastPicture, 15)) this.#lastPicture = picture;
    }
    if (found.tl0At !== 0) {
      const tl0 = (found.tl0 + this.#tl0Offset) & 0xff;
      bytes[found.tl0At] = tl0;
      if (isAhead(tl0, this.#lastTl0, 8)) this.#lastTl0 = tl0;
    }
    if (found.keyIndexAt !== 0) {
      const keyIndex = (found.keyIndex + this.#keyIndexOffset) & 0x1f;
      bytes[found.keyIndexAt] = (bytes[found.keyIndexAt]! & 0xe0) | keyIndex;
      if (isAhead(keyIndex, this.#lastKeyIndex, 5)) this.#lastKeyIndex = keyIndex;
    }
  }
}

/** `a` comes after `b` among counters of so many bits. */
function isAhead(a: number, b: number, bits: number): boolean {
  const distance = (a - b) & ((1 << bits) - 1);
  return distance !== 0 && distance < 1 << (bits - 1);
}
