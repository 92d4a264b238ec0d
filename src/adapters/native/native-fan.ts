import { type FannedPacket, type FanOut, type FanRow, MAX_FAN_MID } from '../../base/fan-out.ts';
import { type NativeOutbox, NativeSealingWay } from './native-outbox.ts';

/** As in `addon/fan.cc`: words that describe a row, and where in them stand others than those of the address. */
const ROW_WORDS = 16;
const KEYS = 7;
const SSRC = 8;
const TIMESTAMP = 9;
const INDEX = 10;
const MID = 12;
const FIRST_ROWS = 4;
const WORD = 2 ** 32;

/** A {@link FanOut} on the sealing ways of one outbox: the addon copies a packet into a slot for each row, and fills in what is its own. */
export class NativeFan implements FanOut {
  readonly #outbox: NativeOutbox;
  #rows = new Int32Array(FIRST_ROWS * ROW_WORDS);
  #mids = new Uint8Array(this.#rows.buffer);
  #count = 0;
  #midLength = 0;
  readonly #shape = new Int32Array(6);

  constructor(outbox: NativeOutbox) {
    this.#outbox = outbox;
  }

  add({ index, mid, ssrc, timestampOffset, way }: FanRow): boolean {
    const parts = way instanceof NativeSealingWay ? way.partsIn(this.#outbox) : undefined;
    if (parts === undefined || mid.length > MAX_FAN_MID) return false;
    if (this.#count === 0) this.#midLength = mid.length;
    else if (mid.length !== this.#midLength) return false;
    if ((this.#count + 1) * ROW_WORDS > this.#rows.length) this.#grow();
    const at = this.#count++ * ROW_WORDS;
    const rows = this.#rows;
    const { destination } = parts;
    rows[at] = parts.socket;
    rows[at + 1] = destination[0]!;
    rows[at + 2] = parts.port;
    for (let i = 1; i < 5; i++) rows[at + 2 + i] = destination[i]!;
    rows[at + KEYS] = parts.keys;
    rows[at + SSRC] = ssrc | 0;
    rows[at + TIMESTAMP] = timestampOffset | 0;
    // 64 bits in two's complement: somebody new may be at an index that is less than the advance of all.
    rows[at + INDEX] = (index % WORD) | 0;
    rows[at + INDEX + 1] = Math.floor(index / WORD);
    this.#mids.set(mid, (at + MID) * 4);
    return true;
  }

  remove(row: number): void {
    this.#count--;
    const last = this.#count * ROW_WORDS;
    this.#rows.copyWithin(row * ROW_WORDS, last, last + ROW_WORDS);
  }

  send({ advance, bytes, headerEnd, length, midAt, timestamp }: FannedPacket): void {
    const shape = this.#shape;
    shape[0] = length;
    shape[1] = headerEnd;
    shape[2] = timestamp | 0;
    shape[3] = advance;
    shape[4] = midAt;
    shape[5] = midAt === 0 ? 0 : this.#midLength;
    this.#outbox.spread(this.#rows, this.#count, bytes, shape);
  }

  #grow(): void {
    const grown = new Int32Array(2 * this.#rows.length);
    grown.set(this.#rows);
    this.#rows = grown;
    this.#mids = new Uint8Array(grown.buffer);
  }
}
