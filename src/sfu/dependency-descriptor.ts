import { sequenceDelta } from '../base/sequence.ts';
import { BitReader } from './bit-reader.ts';

/** What a frame is to a decode target: "RTP Payload Format For AV1", appendix A.8.1, `template_dti`. */
export const Indication = { notPresent: 0, discardable: 1, switch: 2, required: 3 } as const;

/** Frames that one frame may refer to: more than any encoder has buffers for. */
const MAX_REFERENCES = 32;
/** A structure that is older by fewer frames than this comes late; beyond, the source counts anew. */
const MAX_LATE = 1000;
/** Of the identifier's six bits. */
const MAX_TEMPLATES = 64;

/** One kind of frame that a stream is made of. */
interface Template {
  readonly spatial: number;
  readonly temporal: number;
  /** By decode target. */
  readonly indications: Uint8Array;
  /** How many frames back those that it needs are. */
  readonly references: Uint8Array;
}

/** A set of frames that a receiver can decode by themselves, and the largest size and rate in it. */
export interface DecodeTarget {
  readonly spatial: number;
  readonly temporal: number;
}

/** What a stream is made of; a key frame tells. */
export interface DependencyStructure {
  readonly offset: number;
  readonly templates: readonly Template[];
  readonly targets: readonly DecodeTarget[];
  /** By size, the target with all of its rates. */
  readonly wholes: readonly number[];
  readonly chains: number;
}

const bits = new BitReader();

/**
 * The Dependency Descriptor of one source ("RTP Payload Format For AV1", appendix A): which frame a packet belongs to, what that
 * frame needs, and who needs it. One object follows one stream, for the structure comes with key frames alone.
 */
export class DependencyDescriptor {
  readonly codec = 'av1';
  frameStart = false;
  frameEnd = false;
  /** 16 bits. */
  frame = 0;
  spatial = 0;
  temporal = 0;
  /** A decoder can begin here. */
  keyFrame = false;
  /** Decode targets that the sender makes now, a bit each, the lowest for the first. */
  active = 0;
  structure: DependencyStructure | undefined;
  readonly indications = new Uint8Array(32);
  /** How many frames back those that this one needs are; the first {@link referenceCount}. */
  readonly references = new Uint16Array(MAX_REFERENCES);
  referenceCount = 0;
  /** The frame that the structure came with. */
  #since = 0;

  /** Reads the extension `bytes[start, start + length)`; false when it is none, or of a structure that is not known. */
  read(bytes: Uint8Array, start: number, length: number): boolean {
    if (length < 3) return false;
    bits.open(bytes, start, length);
    this.frameStart = bits.read(1) === 1;
    this.frameEnd = bits.read(1) === 1;
    const template = bits.read(6);
    this.frame = bits.read(16);
    this.keyFrame = false;
    if (length === 3) return this.#fill(template, 0, 0, 0);
    const hasStructure = bits.read(1) === 1;
    const hasActive = bits.read(1) === 1;
    const ownIndications = bits.read(1);
    const ownReferences = bits.read(1);
    const ownChains = bits.read(1);
    if (hasStructure && !this.#begin()) return false;
    const targets = this.structure?.targets.length ?? 0;
    if (targets === 0) return false;
    if (hasActive) this.active = bits.read(targets);
    if (!this.#fill(template, ownIndications, ownReferences, ownChains)) return false;
    this.keyFrame = hasStructure && this.referenceCount === 0;
    return true;
  }

  /** The structure that stands here is the stream's from now on, unless a later one came already. */
  #begin(): boolean {
    const structure = readStructure();
    if (structure === undefined) return false;
    const ahead = sequenceDelta(this.frame, this.#since);
    if (this.structure !== undefined && ahead < 0 && ahead > -MAX_LATE) return false;
    this.structure = structure;
    this.#since = this.frame;
    this.active = 2 ** structure.targets.length - 1;
    return true;
  }

  /** The frame's own facts, or those of its template. */
  #fill(template: number, ownIndications: number, ownReferences: number, ownChains: number): boolean {
    const { structure } = this;
    if (structure === undefined) return false;
    const found = structure.templates[(template + MAX_TEMPLATES - structure.offset) % MAX_TEMPLATES];
    if (found === undefined) return false;
    this.spatial = found.spatial;
    this.temporal = found.temporal;
    for (let target = 0; target < structure.targets.length; target++)
      this.indications[target] = ownIndications === 1 ? bits.read(2) : found.indications[target]!;
    if (ownReferences === 1) {
      this.referenceCount = 0;
      for (let size = bits.read(2); size > 0; size = bits.read(2)) {
        if (this.referenceCount === MAX_REFERENCES) return false;
        this.references[this.referenceCount++] = bits.read(4 * size) + 1;
      }
    } else {
      this.referenceCount = found.references.length;
      this.references.set(found.references);
    }
    if (ownChains === 1) bits.read(8 * structure.chains);
    return !bits.isOver;
  }
}

/** Section A.8.3, `template_dependency_structure`. */
function readStructure(): DependencyStructure | undefined {
  const offset = bits.read(6);
  const targetCount = bits.read(5) + 1;
  const layers = readLayers();
  if (layers === undefined) return undefined;
  const indications = layers.map(() => Uint8Array.from({ length: targetCount }, () => bits.read(2)));
  const references = layers.map(readReferences);
  const chains = bits.readNonSymmetric(targetCount + 1);
  if (chains > 0) {
    for (let target = 0; target < targetCount; target++) bits.readNonSymmetric(chains);
    for (let i = 0; i < layers.length * chains; i++) bits.read(4);
  }
  const templates = layers.map((layer, i) => ({
    ...layer,
    indications: indications[i]!,
    references: references[i]!,
  }));
  // Of each size, which nobody here asks for.
  if (bits.read(1) === 1) for (let size = layers.at(-1)!.spatial; size >= 0; size--) bits.read(32);
  if (bits.isOver || references.some((list) => list.length > MAX_REFERENCES)) return undefined;
  const targets = Array.from({ length: targetCount }, (_, target) => {
    const members = templates.filter((template) => template.indications[target] !== Indication.notPresent);
    return {
      spatial: Math.max(0, ...members.map(({ spatial }) => spatial)),
      temporal: Math.max(0, ...members.map(({ temporal }) => temporal)),
    };
  });
  const wholes: number[] = [];
  for (const [index, { spatial, temporal }] of targets.entries()) {
    const other = targets[wholes[spatial] ?? -1];
    if (other === undefined || other.temporal < temporal) wholes[spatial] = index;
  }
  return { offset, templates, targets, wholes, chains };
}

/** `template_layers`: each entry is of the layer before it, or of the next rate, or of the next size. */
function readLayers(): { spatial: number; temporal: number }[] | undefined {
  const layers = [{ spatial: 0, temporal: 0 }];
  for (let next = bits.read(2); next !== 3; next = bits.read(2)) {
    if (layers.length === MAX_TEMPLATES || bits.isOver) return undefined;
    const { spatial, temporal } = layers.at(-1)!;
    if (next === 0) layers.push({ spatial, temporal });
    else if (next === 1) layers.push({ spatial, temporal: temporal + 1 });
    else layers.push({ spatial: spatial + 1, temporal: 0 });
  }
  return layers;
}

/** `template_fdiffs` of one template. */
function readReferences(): Uint8Array {
  const references: number[] = [];
  while (bits.read(1) === 1) references.push(bits.read(4) + 1);
  return Uint8Array.from(references);
}
