import type { SealingWay } from '../../base/sealing-way.ts';
import type { UdpPoll } from './addon.ts';
import { takeApart } from './address-words.ts';

/** As in `addon/poll.h`: words that describe a slot of the outbox. */
export const OUT_WORDS = 12;
/** Where in them stand the number of the keys, the header's length, and the index in two parts. */
const KEYS = 8;
const HEADER = 9;
const INDEX = 10;
/** Destinations whose address is kept taken apart; beyond, the memory starts anew. */
const DESTINATIONS = 8192;
const WORD = 2 ** 32;

/** The memory in which datagrams wait until the callback at hand is over. */
export interface OutboxMemory {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  /** Bytes of a slot, and how many there are. */
  readonly slot: number;
  readonly count: number;
}

/**
 * What a thread's sockets send: datagrams are copied into slots, or written there by who makes them, and leave by one call when
 * the callback at hand is over, or when all slots are full. Those that are to be sealed are sealed in that call.
 */
export class NativeOutbox {
  readonly #poll: UdpPoll;
  readonly #memory: OutboxMemory;
  readonly #slots: readonly Uint8Array[];
  readonly #destinations = new Map<string, Int32Array>();
  readonly #listener: { unsent(count: number): void };
  #waiting = 0;
  #flushing = false;
  /** The slot that is lent; -1: none. */
  #lent = -1;

  /** `unsent` hears of datagrams that the kernel did not take, or that could not be sent at all. */
  constructor(poll: UdpPoll, memory: OutboxMemory, listener: { unsent(count: number): void }) {
    this.#poll = poll;
    this.#memory = memory;
    this.#listener = listener;
    const { bytes, count, slot } = memory;
    this.#slots = Array.from({ length: count }, (_, i) => bytes.subarray(i * slot, (i + 1) * slot));
  }

  /** Puts a datagram into a slot; one that is longer than a slot is not sent. `pieces`: 0, or `WHOLE` of `native-udp.ts`. */
  send(socket: number, bytes: Uint8Array, port: number, address: string, pieces: number): void {
    const destination = this.#destination(address);
    if (destination === undefined || bytes.length > this.#memory.slot) {
      this.#listener.unsent(1);
      return;
    }
    const slot = this.#next();
    this.#memory.bytes.set(bytes, slot * this.#memory.slot);
    this.#memory.words[slot * OUT_WORDS + KEYS] = 0;
    this.#put(socket, bytes.length, port | pieces, destination);
  }

  /** A way to that address which seals with the keys of `sealer`; undefined when those are not the addon's. */
  sealing(socket: number, sealer: object, port: number, address: string): SealingWay | undefined {
    const destination = this.#destination(address);
    const keys = destination === undefined ? 0 : this.#poll.keep(sealer);
    if (destination === undefined || keys === 0) return undefined;
    return new NativeSealingWay(this, { socket, keys, port, destination });
  }

  /** The next slot, for somebody who writes into it. */
  lend(): Uint8Array {
    this.#lent = this.#next();
    return this.#slots[this.#lent]!;
  }

  /** What was written into the slot that was lent last waits from now on; false when that is not this one's any more. */
  commit(
    { destination, keys, port, socket }: WayParts,
    headerEnd: number,
    length: number,
    index: number,
  ): boolean {
    if (this.#lent < 0) return false;
    const { words } = this.#memory;
    const at = this.#lent * OUT_WORDS;
    words[at + KEYS] = keys;
    words[at + HEADER] = headerEnd;
    words[at + INDEX] = (index % WORD) | 0;
    words[at + INDEX + 1] = Math.floor(index / WORD);
    this.#put(socket, length, port, destination);
    return true;
  }

  /** Copies of one packet, for the first `count` rows (`native-fan.ts`), wait from now on. */
  spread(rows: Int32Array, count: number, bytes: Uint8Array, shape: Int32Array): void {
    for (let from = 0; from < count; ) {
      const slot = this.#next();
      const fits = Math.min(count - from, this.#memory.count - slot);
      this.#poll.spread(slot, rows, from, fits, bytes, shape);
      this.#waiting += fits;
      from += fits;
    }
    this.#lent = -1;
    this.#flushSoon();
  }

  /** Sends with them what waits, and forgets them. */
  release(keys: number): void {
    this.flush();
    this.#poll.release(keys);
  }

  /** Sends all that waits. */
  flush(): void {
    const count = this.#waiting;
    this.#lent = -1;
    if (count === 0) return;
    this.#waiting = 0;
    const unsent = this.#poll.flush(count);
    if (unsent > 0) this.#listener.unsent(unsent);
  }

  readonly #flushLater = (): void => {
    this.#flushing = false;
    this.flush();
  };

  #next(): number {
    if (this.#waiting === this.#memory.count) this.flush();
    return this.#waiting;
  }

  /** Says of the next slot where it goes, and that it is full. */
  #put(socket: number, length: number, port: number, destination: Int32Array): void {
    const { words } = this.#memory;
    const at = this.#waiting++ * OUT_WORDS;
    this.#lent = -1;
    words[at] = socket;
    words[at + 1] = length;
    words[at + 2] = destination[0]!;
    words[at + 3] = port;
    words[at + 4] = destination[1]!;
    words[at + 5] = destination[2]!;
    words[at + 6] = destination[3]!;
    words[at + 7] = destination[4]!;
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(this.#flushLater);
  }

  #destination(address: string): Int32Array | undefined {
    const known = this.#destinations.get(address);
    if (known !== undefined) return known;
    const parts = takeApart(address);
    if (parts === undefined) return undefined;
    if (this.#destinations.size >= DESTINATIONS) this.#destinations.clear();
    this.#destinations.set(address, parts);
    return parts;
  }
}

/** What names a way. */
export interface WayParts {
  readonly socket: number;
  readonly keys: number;
  readonly port: number;
  readonly destination: Int32Array;
}

/** The {@link SealingWay} of the addon's sockets. */
export class NativeSealingWay implements SealingWay {
  readonly #outbox: NativeOutbox;
  readonly #parts: WayParts;
  #closed = false;
  #moved: () => void = () => {};

  constructor(outbox: NativeOutbox, parts: WayParts) {
    this.#outbox = outbox;
    this.#parts = parts;
  }

  lend(): Uint8Array | undefined {
    return this.#closed ? undefined : this.#outbox.lend();
  }

  commit(headerEnd: number, length: number, index: number): boolean {
    return !this.#closed && this.#outbox.commit(this.#parts, headerEnd, length, index);
  }

  steady(moved: () => void): SealingWay | undefined {
    this.#moved = moved;
    return this.#closed ? undefined : this;
  }

  /** What it is made of, for who sends by `outbox` what this would; undefined: it is not that outbox's, or closed. */
  partsIn(outbox: NativeOutbox): WayParts | undefined {
    return this.#closed || this.#outbox !== outbox ? undefined : this.#parts;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // Its keys' number is somebody else's next.
    this.#moved();
    this.#outbox.release(this.#parts.keys);
  }
}
