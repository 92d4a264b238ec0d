/** Bytes of a slot at first; it grows once to what a bigger packet needs, and stays so. */
const SLOT_BYTES = 320;

/**
 * The last packets that one sender sealed, in buffers that are used again and again: packets are built in here, sent
 * from here, and sent once more from here when the receiver asks (the very same bytes: sealing twice under one index
 * would give the key away).
 */
export class PacketRing {
  readonly #slots: (Uint8Array | undefined)[];
  readonly #sequences: Int32Array;
  readonly #lengths: Int32Array;
  readonly #mask: number;

  /** `size`, a power of two: how many packets are kept. */
  constructor(size: number) {
    this.#slots = new Array<Uint8Array | undefined>(size).fill(undefined);
    this.#sequences = new Int32Array(size).fill(-1);
    this.#lengths = new Int32Array(size);
    this.#mask = size - 1;
  }

  /** The buffer for the packet `sequence`, of at least `bytes` bytes. What was in its slot is forgotten. */
  slot(sequence: number, bytes: number): Uint8Array {
    const at = sequence & this.#mask;
    this.#sequences[at] = -1;
    let slot = this.#slots[at];
    if (slot === undefined || slot.length < bytes) {
      slot = new Uint8Array(Math.max(SLOT_BYTES, bytes));
      this.#slots[at] = slot;
    }
    return slot;
  }

  /** The slot's packet is sealed and `length` bytes long: from now on {@link find} finds it. */
  keep(sequence: number, length: number): void {
    const at = sequence & this.#mask;
    this.#sequences[at] = sequence;
    this.#lengths[at] = length;
  }

  find(sequence: number): Uint8Array | undefined {
    const at = sequence & this.#mask;
    return this.#sequences[at] === sequence ? this.#slots[at]!.subarray(0, this.#lengths[at]) : undefined;
  }
}
