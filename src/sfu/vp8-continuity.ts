import { type FrameCounters, isAhead } from './frame-counters.ts';
import type { Vp8Descriptor } from './vp8.ts';

/** Pictures whose own offset is known: as many as may come late. A power of two. */
const REMEMBERED = 128;

/**
 * Keeps a VP8 stream's counters continuous for one receiver when its source changes, and when pictures are left out: a
 * decoder takes a jump of the picture id or TL0PICIDX for a loss and freezes.
 */
export class Vp8Continuity {
  /** Of the last packet that {@link map} took. Used again by the next. */
  readonly counters: FrameCounters = { picture: 0, tl0: 0, keyIndex: 0 };
  #started = false;
  #pictureOffset = 0;
  #tl0Offset = 0;
  #keyIndexOffset = 0;
  #lastPicture = 0;
  #lastTl0 = 0;
  #lastKeyIndex = 0;
  /** Of the source. */
  #highestIn = 0;
  /** The offset of each of the last pictures; made when the first one is left out. */
  #offsets: Int32Array | undefined;

  /** Sets {@link counters} for a packet. `switched`: it is the first of another source. */
  map(found: Vp8Descriptor, moment: 'switched' | 'going-on'): FrameCounters {
    const { counters } = this;
    if (moment === 'switched') {
      if (this.#started) {
        this.#pictureOffset = this.#lastPicture + 1 - found.pictureId;
        this.#tl0Offset = this.#lastTl0 + 1 - found.tl0;
        this.#keyIndexOffset = this.#lastKeyIndex + 1 - found.keyIndex;
      }
      this.#highestIn = found.pictureId;
      this.#offsets?.fill(this.#pictureOffset);
    }
    if (!this.#started) {
      this.#highestIn = found.pictureId;
      // Browsers begin with any number.
      this.#lastPicture = found.pictureId;
      this.#lastTl0 = found.tl0;
      this.#lastKeyIndex = found.keyIndex;
    }
    this.#started = true;
    counters.picture = (found.pictureId + this.#offsetOf(found.pictureId)) & 0x7fff;
    counters.tl0 = (found.tl0 + this.#tl0Offset) & 0xff;
    counters.keyIndex = (found.keyIndex + this.#keyIndexOffset) & 0x1f;
    if (found.pictureIdAt !== 0 && isAhead(counters.picture, this.#lastPicture, 15))
      this.#lastPicture = counters.picture;
    if (found.tl0At !== 0 && isAhead(counters.tl0, this.#lastTl0, 8)) this.#lastTl0 = counters.tl0;
    if (found.keyIndexAt !== 0 && isAhead(counters.keyIndex, this.#lastKeyIndex, 5))
      this.#lastKeyIndex = counters.keyIndex;
    return counters;
  }

  /** A packet of a picture that is left out: the next picture takes its number. */
  skip(found: Vp8Descriptor): void {
    if (!isAhead(found.pictureId, this.#highestIn, 15)) return;
    this.#offsets ??= new Int32Array(REMEMBERED).fill(this.#pictureOffset);
    this.#offsetOf(found.pictureId);
    this.#pictureOffset--;
  }

  #offsetOf(picture: number): number {
    const offsets = this.#offsets;
    if (!isAhead(picture, this.#highestIn, 15))
      return offsets?.[picture & (REMEMBERED - 1)] ?? this.#pictureOffset;
    if (offsets !== undefined) {
      const ahead = Math.min(REMEMBERED, (picture - this.#highestIn) & 0x7fff);
      for (let i = 0; i < ahead; i++) offsets[(picture - i) & (REMEMBERED - 1)] = this.#pictureOffset;
    }
    this.#highestIn = picture;
    return this.#pictureOffset;
  }
}
