import type { Vp8Descriptor } from './vp8.ts';

/** All temporal layers. */
export const ALL_TEMPORAL = 3;

/**
 * Which frames of a stream in temporal layers go to one receiver (RFC 7741 section 4.2: TID and Y). Fewer at once, for no
 * frame that stays needs one that goes; more only where a frame needs the lowest layer alone.
 */
export class TemporalFilter {
  /** The highest layer that is wanted, 0 … 3. */
  wanted = ALL_TEMPORAL;
  #current = ALL_TEMPORAL;
  #picture = -1;
  #passes = true;

  /** Whether the packet goes through; a picture goes whole or not at all. */
  takes(found: Vp8Descriptor): boolean {
    if (found.pictureIdAt !== 0 && found.pictureId === this.#picture) return this.#passes;
    this.#picture = found.pictureId;
    if (found.keyFrameStart) this.#current = this.wanted;
    if (this.wanted < this.#current) this.#current = this.wanted;
    else if (found.temporal > this.#current && found.temporal <= this.wanted && found.layerSync)
      this.#current = found.temporal;
    this.#passes = found.temporal <= this.#current;
    return this.#passes;
  }
}
