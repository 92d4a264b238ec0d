/** Opus packets from outside: how long one lasts, and several frames in one, as a packet time over 20 ms asks for (RFC 6716 section 3). */

/** Frames of a packet that hold 60 ms. */
const MAX_FRAMES = 3;
const MAX_FRAME_BYTES = 1275;

/** Collects packets of one frame each and joins them. All must have one configuration: mode, bandwidth, length, channels. */
export class OpusJoiner {
  readonly #payload: Uint8Array;
  readonly #lengths: number[] = [];
  #toc = 0;
  #bytes = 0;

  /** `largest` packet that may come out, bytes. */
  constructor(largest: number) {
    this.#payload = new Uint8Array(largest);
  }

  /** Frames that wait. */
  get frames(): number {
    return this.#lengths.length;
  }

  /** Takes the packet `from` of one frame in; false when it does not fit to what waits, which must be taken first. */
  push(from: Uint8Array): boolean {
    const size = from.length - 1;
    if (size < 0 || size > MAX_FRAME_BYTES || (from[0]! & 3) !== 0) return false;
    // Before the frames: two bytes of header, and two of length for each but the last.
    if (this.frames >= MAX_FRAMES || this.#bytes + size + 8 > this.#payload.length) return false;
    if (this.frames > 0 && from[0] !== this.#toc) return false;
    this.#toc = from[0]!;
    for (let i = 0; i < size; i++) this.#payload[this.#bytes + i] = from[1 + i]!;
    this.#bytes += size;
    this.#lengths.push(size);
    return true;
  }

  /** Writes what waits as one packet into `into`, and forgets it; answers the bytes written, 0 when nothing waited. */
  take(into: Uint8Array): number {
    const count = this.frames;
    if (count === 0) return 0;
    let at = 0;
    into[at++] = count === 1 ? this.#toc : this.#toc | 3;
    if (count > 1) {
      // Code 3 with lengths of their own, no padding.
      into[at++] = 0x80 | count;
      for (let i = 0; i < count - 1; i++) at = writeLength(into, at, this.#lengths[i]!);
    }
    for (let i = 0; i < this.#bytes; i++) into[at + i] = this.#payload[i]!;
    at += this.#bytes;
    this.drop();
    return at;
  }

  drop(): void {
    this.#lengths.length = 0;
    this.#bytes = 0;
  }
}

/** RFC 6716 section 3.2.1: one byte under 252, else two. */
function writeLength(into: Uint8Array, at: number, length: number): number {
  if (length < 252) {
    into[at] = length;
    return at + 1;
  }
  into[at] = 252 + (length & 3);
  into[at + 1] = (length - into[at]) >> 2;
  return at + 2;
}

/**
 * How long the packet `bytes[start, end)` lasts in µs by its TOC byte and frame count (RFC 6716 section 3.1, 3.2); 0 when it
 * is none.
 */
export function packetMicros(bytes: Uint8Array, start = 0, end = bytes.length): number {
  if (end <= start) return 0;
  const toc = bytes[start]!;
  const config = toc >> 3;
  const frame =
    config < 12
      ? [10_000, 20_000, 40_000, 60_000][config & 3]!
      : config < 16
        ? [10_000, 20_000][config & 1]!
        : [2500, 5000, 10_000, 20_000][config & 3]!;
  const code = toc & 3;
  const frames = code === 0 ? 1 : code < 3 ? 2 : end - start < 2 ? 0 : bytes[start + 1]! & 0x3f;
  const micros = frame * frames;
  return micros > 120_000 ? 0 : micros;
}
