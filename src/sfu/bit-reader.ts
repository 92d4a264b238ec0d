/** Reads bits, the highest of a byte first; behind the end they are 0, and {@link isOver} says so. */
export class BitReader {
  #bytes: Uint8Array = new Uint8Array(0);
  /** In bits. */
  #at = 0;
  #end = 0;

  /** Begins with `bytes[start, start + length)`. */
  open(bytes: Uint8Array, start: number, length: number): void {
    this.#bytes = bytes;
    this.#at = 8 * start;
    this.#end = 8 * Math.min(start + length, bytes.length);
  }

  /** More was read than there is. */
  get isOver(): boolean {
    return this.#at > this.#end;
  }

  /** An unsigned number of `count` bits, 32 at most. */
  read(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++, this.#at++) {
      const bit = this.#at < this.#end ? (this.#bytes[this.#at >> 3]! >> (7 - (this.#at & 7))) & 1 : 0;
      value = value * 2 + bit;
    }
    return value;
  }

  /** One of `count` values, `ns(n)` of the AV1 specification, section 4.10.7. */
  readNonSymmetric(count: number): number {
    let bits = 0;
    while (count >> bits > 0) bits++;
    const short = 2 ** bits - count;
    const value = this.read(Math.max(0, bits - 1));
    return value < short ? value : value * 2 - short + this.read(1);
  }
}
