const words = new Int32Array(80);
const state = new Int32Array(5);
const tail = new Uint8Array(128);
const INITIAL = Int32Array.of(0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0);

/** HMAC-SHA1 (RFC 2104) with the two pads hashed once per key. */
export class HmacSha1 {
  readonly #inner: Int32Array;
  readonly #outer: Int32Array;

  /** `key` of at most 64 bytes. */
  constructor(key: Uint8Array) {
    this.#inner = padState(key, 0x36);
    this.#outer = padState(key, 0x5c);
  }

  /**
   * Leaves the first `tagLength` bytes of the code over `bytes[start, end)`, followed by the 32 bits of `suffix` when it
   * is given (SRTP's roll-over counter, RFC 3711 section 4.2), in `into[at, at + tagLength)`.
   */
  sign(
    bytes: Uint8Array,
    start: number,
    end: number,
    suffix: number | undefined,
    into: Uint8Array,
    at: number,
    tagLength: number,
  ): void {
    state.set(this.#inner);
    let i = start;
    for (; i + 64 <= end; i += 64) compress(bytes, i);
    let filled = 0;
    for (; i < end; i++) tail[filled++] = bytes[i]!;
    let total = end - start;
    if (suffix !== undefined) {
      tail[filled++] = suffix >>> 24;
      tail[filled++] = suffix >>> 16;
      tail[filled++] = suffix >>> 8;
      tail[filled++] = suffix;
      total += 4;
    }
    finish(filled, 64 + total);
    for (let w = 0; w < 5; w++) writeWord(tail, 4 * w, state[w]!);
    state.set(this.#outer);
    finish(20, 84);
    for (let j = 0; j < tagLength; j++) into[at + j] = state[j >> 2]! >>> (24 - 8 * (j & 3));
  }
}

function padState(key: Uint8Array, pad: number): Int32Array {
  const bytes = new Uint8Array(64).fill(pad);
  for (let i = 0; i < key.length; i++) bytes[i] = key[i]! ^ pad;
  state.set(INITIAL);
  compress(bytes, 0);
  return state.slice();
}

function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}

/** Pads the `filled` bytes in `tail` for a message of `total` bytes in all, and hashes them. */
function finish(filled: number, total: number): void {
  const blocks = filled + 9 <= 64 ? 64 : 128;
  tail.fill(0, filled, blocks);
  tail[filled] = 0x80;
  writeWord(tail, blocks - 4, total << 3);
  compress(tail, 0);
  if (blocks === 128) compress(tail, 64);
}

/** One block of SHA-1 (RFC 3174 section 6.1) into `state`. */
function compress(bytes: Uint8Array, at: number): void {
  const w = words;
  for (let i = 0, j = at; i < 16; i++, j += 4) {
    w[i] = (bytes[j]! << 24) | (bytes[j + 1]! << 16) | (bytes[j + 2]! << 8) | bytes[j + 3]!;
  }
  for (let i = 16; i < 80; i++) {
    const x = w[i - 3]! ^ w[i - 8]! ^ w[i - 14]! ^ w[i - 16]!;
    w[i] = (x << 1) | (x >>> 31);
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  for (let i = 0; i < 80; i++) {
    let f: number;
    if (i < 20) f = ((b & c) | (~b & d)) + 0x5a827999;
    else if (i < 40) f = (b ^ c ^ d) + 0x6ed9eba1;
    else if (i < 60) f = ((b & c) | (b & d) | (c & d)) - 0x70e44324;
    else f = (b ^ c ^ d) - 0x359d3e2a;
    const next = (((a << 5) | (a >>> 27)) + f + e + w[i]!) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  state[0] = state[0]! + a;
  state[1] = state[1]! + b;
  state[2] = state[2]! + c;
  state[3] = state[3]! + d;
  state[4] = state[4]! + e;
}
