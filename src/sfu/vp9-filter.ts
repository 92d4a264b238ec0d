import { timestampDelta } from '../base/sequence.ts';
import type { Vp9Descriptor } from './vp9.ts';

const NONE = -1;
/** A picture from before by more than this is no late one but a source that counts anew, ticks of 90 kHz. */
const MAX_LATE = 10 * 90_000;

/**
 * Which frames of a VP9 stream in layers go to one receiver: all sizes and rates up to those that it has. Fewer from the next
 * picture on, for none that stays needs one that goes; a larger size where its frame needs no earlier picture, which is at
 * key frames; a higher rate behind a picture that says so (U).
 */
export class Vp9Filter {
  /** The size that the receiver gets; -1 before the first key frame. */
  spatial = NONE;
  /** A larger size is wanted, which another key frame would give if it is made at all. */
  lacks = true;
  /** The size that ends the picture: at a key frame the one that is wanted, for there the receiver's rises. */
  lastOfPicture = NONE;
  #temporal = 0;
  /** All packets of a picture have one timestamp. */
  #picture = 0;

  /** Whether the packet, of the picture at `timestamp`, goes through. */
  takes(frame: Vp9Descriptor, timestamp: number, spatial: number, temporal: number): boolean {
    if (this.spatial === NONE) {
      if (!frame.keyFrame || !frame.frameStart) return false;
      this.#picture = timestamp;
      this.spatial = 0;
      this.#temporal = temporal;
    }
    const ahead = timestampDelta(timestamp, this.#picture);
    const isNext = ahead > 0 || ahead < -MAX_LATE;
    if (isNext) {
      this.#picture = timestamp;
      this.spatial = Math.min(this.spatial, spatial);
      if (temporal < this.#temporal || frame.keyFrame || (frame.switchUp && frame.temporal <= this.#temporal))
        this.#temporal = temporal;
    }
    if ((isNext || ahead === 0) && frame.frameStart && !frame.interPicture) this.#rise(frame, spatial);
    if (isNext || frame.keyFrame) this.lastOfPicture = frame.keyFrame ? spatial : this.spatial;
    this.lacks = this.spatial < spatial;
    return frame.spatial <= this.spatial && frame.temporal <= this.#temporal;
  }

  /** The receiver begins anew, at a key frame. */
  restart(): void {
    this.spatial = NONE;
    this.lacks = true;
  }

  #rise(frame: Vp9Descriptor, spatial: number): void {
    const hasBelow = frame.spatial === this.spatial + 1 || !frame.interLayer;
    if (frame.spatial > this.spatial && frame.spatial <= spatial && hasBelow) this.spatial = frame.spatial;
  }
}
