import { addKeyStream, encryptBlock, expandKey } from './aes.ts';

/** Bytes that GCM appends (RFC 7714 section 5.1: always the full 16). */
export const GCM_TAG_BYTES = 16;

/** What eight shifts past the low end of the field bring back in at the top. */
const REDUCTION = new Int32Array(256);
for (let i = 0; i < 256; i++) {
  let low = i;
  let high = 0;
  for (let bit = 0; bit < 8; bit++) {
    high = (high >>> 1) ^ (low & 1 ? 0xe1000000 : 0);
    low >>= 1;
  }
  REDUCTION[i] = high | 0;
}

const block = new Int32Array(4);
const hash = new Int32Array(4);

/** AES-GCM over parts of one buffer, in place, with 4 KB of GHASH tables per key (NIST SP 800-38D). */
export class Gcm {
  readonly #keys: Int32Array;
  /** Product of every byte value with the hash key: 256 times 4 words. */
  readonly #table: Int32Array;

  constructor(key: Uint8Array) {
    this.#keys = expandKey(key);
    encryptBlock(this.#keys, 0, 0, 0, 0, block);
    this.#table = multiplesOf(block);
  }

  /**
   * Encrypts `bytes[start, end)` and writes the tag behind it. `aad[aadStart, aadEnd)` is authenticated; it is read
   * before anything is written. `iv` is three words.
   */
  seal(
    bytes: Uint8Array,
    start: number,
    end: number,
    aad: Uint8Array,
    aadStart: number,
    aadEnd: number,
    iv: Int32Array,
  ): void {
    addKeyStream(this.#keys, iv, 2, bytes, start, end);
    this.#tag(bytes, start, end, aad, aadStart, aadEnd, iv);
    for (let i = 0; i < 16; i++) bytes[end + i] = hash[i >> 2]! >>> (24 - 8 * (i & 3));
  }

  /** Decrypts `bytes[start, end)` if the tag at `bytes[end, end + 16)` is right; false, and nothing changed, if not. */
  open(
    bytes: Uint8Array,
    start: number,
    end: number,
    aad: Uint8Array,
    aadStart: number,
    aadEnd: number,
    iv: Int32Array,
  ): boolean {
    this.#tag(bytes, start, end, aad, aadStart, aadEnd, iv);
    let difference = 0;
    for (let i = 0; i < 16; i++)
      difference |= bytes[end + i]! ^ ((hash[i >> 2]! >>> (24 - 8 * (i & 3))) & 255);
    if (difference !== 0) return false;
    addKeyStream(this.#keys, iv, 2, bytes, start, end);
    return true;
  }

  /** Leaves the tag of the cipher text in `hash`. */
  #tag(
    bytes: Uint8Array,
    start: number,
    end: number,
    aad: Uint8Array,
    aadStart: number,
    aadEnd: number,
    iv: Int32Array,
  ): void {
    const table = this.#table;
    hash.fill(0);
    absorb(table, aad, aadStart, aadEnd);
    absorb(table, bytes, start, end);
    hash[1] = hash[1]! ^ ((aadEnd - aadStart) << 3);
    hash[3] = hash[3]! ^ ((end - start) << 3);
    multiply(table);
    encryptBlock(this.#keys, iv[0]!, iv[1]!, iv[2]!, 1, block);
    for (let i = 0; i < 4; i++) hash[i] = hash[i]! ^ block[i]!;
  }
}

function absorb(table: Int32Array, bytes: Uint8Array, start: number, end: number): void {
  let i = start;
  for (; i + 16 <= end; i += 16) {
    hash[0] = hash[0]! ^ ((bytes[i]! << 24) | (bytes[i + 1]! << 16) | (bytes[i + 2]! << 8) | bytes[i + 3]!);
    hash[1] =
      hash[1]! ^ ((bytes[i + 4]! << 24) | (bytes[i + 5]! << 16) | (bytes[i + 6]! << 8) | bytes[i + 7]!);
    hash[2] =
      hash[2]! ^ ((bytes[i + 8]! << 24) | (bytes[i + 9]! << 16) | (bytes[i + 10]! << 8) | bytes[i + 11]!);
    hash[3] =
      hash[3]! ^ ((bytes[i + 12]! << 24) | (bytes[i + 13]! << 16) | (bytes[i + 14]! << 8) | bytes[i + 15]!);
    multiply(table);
  }
  if (i < end) {
    for (let j = 0; i < end; i++, j++) hash[j >> 2] = hash[j >> 2]! ^ (bytes[i]! << (24 - 8 * (j & 3)));
    multiply(table);
  }
}

/** hash = hash * H, a byte at a time from the low end; unrolled over the bytes of a word, which halves its cost. */
function multiply(table: Int32Array): void {
  let z0 = 0;
  let z1 = 0;
  let z2 = 0;
  let z3 = 0;
  for (let w = 3; w >= 0; w--) {
    const word = hash[w]!;
    const e0 = (word & 255) << 2;
    const r0 = REDUCTION[z3 & 255]!;
    z3 = ((z3 >>> 8) | (z2 << 24)) ^ table[e0 + 3]!;
    z2 = ((z2 >>> 8) | (z1 << 24)) ^ table[e0 + 2]!;
    z1 = ((z1 >>> 8) | (z0 << 24)) ^ table[e0 + 1]!;
    z0 = (z0 >>> 8) ^ r0 ^ table[e0]!;
    const e8 = ((word >>> 8) & 255) << 2;
    const r8 = REDUCTION[z3 & 255]!;
    z3 = ((z3 >>> 8) | (z2 << 24)) ^ table[e8 + 3]!;
    z2 = ((z2 >>> 8) | (z1 << 24)) ^ table[e8 + 2]!;
    z1 = ((z1 >>> 8) | (z0 << 24)) ^ table[e8 + 1]!;
    z0 = (z0 >>> 8) ^ r8 ^ table[e8]!;
    const e16 = ((word >>> 16) & 255) << 2;
    const r16 = REDUCTION[z3 & 255]!;
    z3 = ((z3 >>> 8) | (z2 << 24)) ^ table[e16 + 3]!;
    z2 = ((z2 >>> 8) | (z1 << 24)) ^ table[e16 + 2]!;
    z1 = ((z1 >>> 8) | (z0 << 24)) ^ table[e16 + 1]!;
    z0 = (z0 >>> 8) ^ r16 ^ table[e16]!;
    const e24 = (word >>> 24) << 2;
    const r24 = REDUCTION[z3 & 255]!;
    z3 = ((z3 >>> 8) | (z2 << 24)) ^ table[e24 + 3]!;
    z2 = ((z2 >>> 8) | (z1 << 24)) ^ table[e24 + 2]!;
    z1 = ((z1 >>> 8) | (z0 << 24)) ^ table[e24 + 1]!;
    z0 = (z0 >>> 8) ^ r24 ^ table[e24]!;
  }
  hash[0] = z0;
  hash[1] = z1;
  hash[2] = z2;
  hash[3] = z3;
}

function multiplesOf(h: Int32Array): Int32Array {
  const table = new Int32Array(1024);
  let [v0, v1, v2, v3] = [h[0]!, h[1]!, h[2]!, h[3]!];
  for (let bit = 0x80; bit > 0; bit >>= 1) {
    table.set([v0, v1, v2, v3], bit * 4);
    const out = v3 & 1 ? 0xe1000000 : 0;
    v3 = (v3 >>> 1) | (v2 << 31);
    v2 = (v2 >>> 1) | (v1 << 31);
    v1 = (v1 >>> 1) | (v0 << 31);
    v0 = (v0 >>> 1) ^ out;
  }
  for (let top = 2; top < 256; top <<= 1) {
    for (let rest = 1; rest < top; rest++) {
      for (let w = 0; w < 4; w++) table[(top + rest) * 4 + w] = table[top * 4 + w]! ^ table[rest * 4 + w]!;
    }
  }
  return table;
}
