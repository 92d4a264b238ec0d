/** Packets that wait, at the most; about what a kernel's socket buffer holds. */
const SLOTS = 1024;
/** Bytes of a slot, its head counted in: no packet of a browser is longer. */
const SLOT_BYTES = 2048;
const SLOT_HEAD = 8;

/** Words at the beginning: what was written, what was read, whether the reader sleeps, and the word that it is woken by. */
const WRITTEN = 0;
const READ = 1;
const ASLEEP = 2;
/** The word of {@link PacketRing.words} that changes when a reader that sleeps is to look again. */
export const BELL = 3;
const HEAD_BYTES = 64;

/** The longest packet that fits. */
export const MAX_RING_PACKET: number = SLOT_BYTES - SLOT_HEAD;

/**
 * Packets from one thread to another through memory that both share: one writes, one reads, neither waits for the other. Each packet has
 * a tag of 32 bits. Who rings the bell is not known here: {@link wake} tells the writer when the reader must be rung.
 */
export class PacketRing {
  /** For waiting on {@link BELL}. */
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly #bytes: Uint8Array<SharedArrayBuffer>;
  readonly #heads: Int32Array<SharedArrayBuffer>;
  /** What is handed out is a copy: others may read no memory that may still change. */
  readonly #copy = new Uint8Array(MAX_RING_PACKET);
  readonly #views: (Uint8Array | undefined)[] = [];

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory, 0, HEAD_BYTES / 4);
    this.#bytes = new Uint8Array(memory, HEAD_BYTES);
    this.#heads = new Int32Array(memory, HEAD_BYTES);
  }

  /** Memory for one ring, with nothing in it. */
  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(HEAD_BYTES + SLOTS * SLOT_BYTES);
  }

  /** Writes one packet; false, and nothing written, when it is too long or the reader is behind. */
  push(packet: Uint8Array, tag: number): boolean {
    const { words } = this;
    const written = words[WRITTEN]!;
    // Counts wrap around at 32 bits; differences do not mind.
    if (packet.length > MAX_RING_PACKET || ((written - Atomics.load(words, READ)) | 0) >= SLOTS) return false;
    const at = (written & (SLOTS - 1)) * SLOT_BYTES;
    this.#heads[at >> 2] = packet.length;
    this.#heads[(at >> 2) + 1] = tag;
    this.#bytes.set(packet, at + SLOT_HEAD);
    Atomics.store(words, WRITTEN, (written + 1) | 0);
    return true;
  }

  /** Hands out what is there, `most` at the most; the bytes are the receiver's during the call. Returns how many. */
  drain(most: number, take: (packet: Uint8Array, tag: number) => void): number {
    const { words } = this;
    let count = 0;
    while (count < most && words[READ] !== Atomics.load(words, WRITTEN)) {
      const read = words[READ]!;
      const at = (read & (SLOTS - 1)) * SLOT_BYTES;
      // The other thread is ours, yet nothing that it wrote may make us read beyond the slot.
      const length = Math.min(this.#heads[at >> 2]!, MAX_RING_PACKET);
      const tag = this.#heads[(at >> 2) + 1]!;
      this.#copy.set(this.#bytes.subarray(at + SLOT_HEAD, at + SLOT_HEAD + length));
      Atomics.store(words, READ, (read + 1) | 0);
      count++;
      take(this.#view(length), tag);
    }
    return count;
  }

  /** The reader says that it sleeps; false when something came meanwhile, and it does not. */
  sleep(): boolean {
    Atomics.store(this.words, ASLEEP, 1);
    if (this.words[READ] === Atomics.load(this.words, WRITTEN)) return true;
    Atomics.store(this.words, ASLEEP, 0);
    return false;
  }

  /** True when the reader sleeps, once: whoever is told so rings. */
  wake(): boolean {
    return Atomics.load(this.words, ASLEEP) === 1 && Atomics.compareExchange(this.words, ASLEEP, 1, 0) === 1;
  }

  /** Packets of a call have few lengths. */
  #view(length: number): Uint8Array {
    let view = this.#views[length];
    if (view === undefined) {
      view = this.#copy.subarray(0, length);
      this.#views[length] = view;
    }
    return view;
  }
}
