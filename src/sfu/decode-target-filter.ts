import { sequenceDelta } from '../base/sequence.ts';
import { type DependencyDescriptor, Indication } from './dependency-descriptor.ts';

/** Frames whose fate is remembered: as many as may be referred to, or come late. A power of two. */
const REMEMBERED = 256;
const NONE = -1;

/**
 * Which frames of a stream that has its sizes and rates in one go to one receiver: those of one decode target. Another one is
 * taken where the stream says that it can be, and all that it needs was sent; in doubt that is the next key frame.
 */
export class DecodeTargetFilter {
  /** The size that the receiver gets; -1 before the first key frame. */
  spatial = NONE;
  /** Whose frame ends a picture. */
  get lastOfPicture(): number {
    return this.spatial;
  }
  /** A size is wanted that another key frame would give. */
  lacks = true;
  #target = NONE;
  /** Of each of the last frames, and whether it was sent. */
  readonly #frames = new Int32Array(REMEMBERED).fill(NONE);
  readonly #sent = new Uint8Array(REMEMBERED);
  #highest = 0;

  /** Whether the packet's frame goes through; a frame goes whole or not at all. */
  takes(frame: DependencyDescriptor, spatial: number, temporal: number): boolean {
    const slot = frame.frame & (REMEMBERED - 1);
    if (this.#frames[slot] === frame.frame) return this.#sent[slot] === 1;
    const ahead = sequenceDelta(frame.frame, this.#highest);
    // What is further back than can be remembered is a source that counts anew.
    const isLate = this.#target !== NONE && ahead < 0 && ahead > -REMEMBERED;
    if (!isLate) {
      this.#highest = frame.frame;
      this.#aim(frame, bestTarget(frame, spatial, temporal));
    }
    const takes = this.#target !== NONE && frame.indications[this.#target] !== Indication.notPresent;
    this.#frames[slot] = frame.frame;
    this.#sent[slot] = takes ? 1 : 0;
    return takes;
  }

  /** The receiver begins anew, at a key frame. */
  restart(): void {
    this.#target = NONE;
    this.spatial = NONE;
    this.lacks = true;
    this.#frames.fill(NONE);
  }

  #aim(frame: DependencyDescriptor, wanted: number): void {
    if (wanted === NONE) return;
    if (
      frame.keyFrame ||
      (this.#target !== NONE && wanted !== this.#target && this.#canSwitch(frame, wanted))
    )
      this.#target = wanted;
    const targets = frame.structure!.targets;
    this.spatial = targets[this.#target]?.spatial ?? NONE;
    this.lacks = this.spatial !== targets[wanted]!.spatial;
  }

  /** All that follows in the target can be decoded, if this frame can. */
  #canSwitch(frame: DependencyDescriptor, target: number): boolean {
    if (frame.indications[target] !== Indication.switch) return false;
    for (let i = 0; i < frame.referenceCount; i++) {
      const needed = (frame.frame - frame.references[i]!) & 0xffff;
      const slot = needed & (REMEMBERED - 1);
      if (this.#frames[slot] !== needed || this.#sent[slot] !== 1) return false;
    }
    return true;
  }
}

/** Of the targets that are made: the largest size of at most `spatial`, then the highest rate of at most `temporal`. */
function bestTarget({ active, structure }: DependencyDescriptor, spatial: number, temporal: number): number {
  const { targets } = structure!;
  let best = NONE;
  for (let target = 0; target < targets.length; target++) {
    if (Math.floor(active / 2 ** target) % 2 === 0) continue;
    if (best === NONE || isBetter(targets[target]!, targets[best]!, spatial, temporal)) best = target;
  }
  return best;
}

function isBetter(
  a: { spatial: number; temporal: number },
  b: { spatial: number; temporal: number },
  spatial: number,
  temporal: number,
): boolean {
  if (a.spatial !== b.spatial) return isNearer(a.spatial, b.spatial, spatial);
  return isNearer(a.temporal, b.temporal, temporal);
}

/** `a` is the larger of those within the limit, or the smaller of those beyond it. */
function isNearer(a: number, b: number, limit: number): boolean {
  if (a <= limit && b <= limit) return a > b;
  return a <= limit || (b > limit && a < b);
}
