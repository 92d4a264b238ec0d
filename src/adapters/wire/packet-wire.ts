import { BELL, PacketRing } from '../../base/packet-ring.ts';

/** Memory of both directions; plain data, for the start of a thread. */
export interface WireMemory {
  readonly there: SharedArrayBuffer;
  readonly back: SharedArrayBuffer;
}

/** Memory for one wire, with nothing on it. */
export function wireMemory(): WireMemory {
  return { there: PacketRing.allocate(), back: PacketRing.allocate() };
}

/** Packets that one wake-up hands over before others of the thread have their turn. */
const BATCH = 512;

/** What came over a wire; `bytes` are the receiver's during the call. */
export type WireReceiver = (bytes: Uint8Array, tag: number) => void;

/** `Atomics.waitAsync` (ECMAScript 2024), which TypeScript's library of 2023 does not know yet. */
interface AsyncWaiting {
  waitAsync(
    words: Int32Array<SharedArrayBuffer>,
    index: number,
    value: number,
  ): { readonly async: false } | { readonly async: true; readonly value: Promise<unknown> };
}
const waiting = Atomics as unknown as AsyncWaiting;

/**
 * One end of a way for packets between two threads of this process. A reader that has nothing to do is rung once, however many packets
 * follow before it has looked: under load nobody is rung at all.
 */
export class PacketWire {
  readonly #out: PacketRing;
  readonly #in: PacketRing;
  readonly #onFault: (error: unknown) => void;
  #closed = false;
  #isToRing = false;
  onPacket: WireReceiver = () => {};

  /** `end`: which one of the two; the first sends `there` and hears what comes `back`. A receiver that throws loses that packet alone. */
  constructor(memory: WireMemory, end: 'first' | 'second', onFault: (error: unknown) => void) {
    const [out, back] = end === 'first' ? [memory.there, memory.back] : [memory.back, memory.there];
    this.#out = new PacketRing(out);
    this.#in = new PacketRing(back);
    this.#onFault = onFault;
    this.#read();
  }

  /** Sends one packet; false when the other end is far behind, or the packet too long. */
  send(bytes: Uint8Array, tag: number): boolean {
    if (this.#closed || !this.#out.push(bytes, tag)) return false;
    // One bell for all that one callback sends: to ring for each would wake the reader as often.
    if (!this.#isToRing) {
      this.#isToRing = true;
      queueMicrotask(this.#ringOnce);
    }
    return true;
  }

  /** Hears and sends nothing any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // The reader's promise resolves, and is the last.
    ring(this.#in);
  }

  readonly #ringOnce = (): void => {
    this.#isToRing = false;
    if (this.#out.wake()) ring(this.#out);
  };

  readonly #read = (): void => {
    const incoming = this.#in;
    while (!this.#closed) {
      if (incoming.drain(BATCH, this.#take) === BATCH) {
        setImmediate(this.#read);
        return;
      }
      const bell = Atomics.load(incoming.words, BELL);
      if (!incoming.sleep()) continue;
      const wait = waiting.waitAsync(incoming.words, BELL, bell);
      if (!wait.async) continue;
      // Nothing rejects: the promise is of a bell.
      void wait.value.then(this.#read);
      return;
    }
  };

  readonly #take = (bytes: Uint8Array, tag: number): void => {
    try {
      this.onPacket(bytes, tag);
    } catch (error) {
      this.#onFault(error);
    }
  };
}

function ring({ words }: PacketRing): void {
  Atomics.add(words, BELL, 1);
  Atomics.notify(words, BELL);
}
