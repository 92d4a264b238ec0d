/** The VP9 payload descriptor (RFC 9628 section 4.2): which layers a packet belongs to, and what begins and ends with it. */
export class Vp9Descriptor {
  readonly codec = 'vp9';
  /** A layer's frame begins, or ends, with the packet. */
  frameStart = false;
  frameEnd = false;
  /** SID, 0 the smallest size; TID, 0 the lowest rate; 0 when the stream has none. */
  spatial = 0;
  temporal = 0;
  /** P: the frame needs frames of earlier pictures. */
  interPicture = false;
  /** D: the frame needs the next smaller size of the same picture. */
  interLayer = false;
  /** U: pictures of a higher rate that follow need none before this one that is of a higher rate. */
  switchUp = false;
  /** Offset of the 7- or 15-bit picture id, or 0. */
  pictureIdAt = 0;
  longPictureId = false;
  pictureId = 0;
  /** Offset of TL0PICIDX, or 0. */
  tl0At = 0;
  tl0 = 0;
  /** The smallest size of a picture that needs none before it. */
  keyFrame = false;

  /** Reads the descriptor of the payload `bytes[start, end)`; false when it is none. Allocates nothing. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start;
    if (at >= end) return false;
    const first = bytes[at++]!;
    this.pictureIdAt = 0;
    this.pictureId = 0;
    this.tl0At = 0;
    this.tl0 = 0;
    if (first & 0x80) {
      if (at + 1 >= end) return false;
      this.pictureIdAt = at;
      this.longPictureId = (bytes[at]! & 0x80) !== 0;
      this.pictureId = this.longPictureId ? ((bytes[at]! & 0x7f) << 8) | bytes[at + 1]! : bytes[at]!;
      at += this.longPictureId ? 2 : 1;
    }
    let layers = 0;
    if (first & 0x20) {
      if (at >= end) return false;
      layers = bytes[at++]!;
      // F = 0: not in flexible mode, there is a TL0PICIDX.
      if ((first & 0x10) === 0) {
        if (at >= end) return false;
        this.tl0At = at;
        this.tl0 = bytes[at++]!;
      }
    }
    this.frameStart = (first & 0x08) !== 0;
    this.frameEnd = (first & 0x04) !== 0;
    this.interPicture = (first & 0x40) !== 0;
    this.temporal = layers >> 5;
    this.switchUp = (layers & 0x10) !== 0;
    this.spatial = (layers >> 1) & 0x07;
    this.interLayer = (layers & 0x01) !== 0;
    this.keyFrame = !this.interPicture && this.spatial === 0;
    return at < end;
  }
}
