/**
 * AES-128 and AES-256 block encryption with 32-bit tables (FIPS 197 section 5.1). Only the forward direction: CTR and GCM need no
 * more. Table look-ups are not constant-time; that is no matter against remote parties, but it is against hostile
 * programs on the same core.
 */
const SBOX = new Uint8Array(256);
const T0 = new Int32Array(256);
const T1 = new Int32Array(256);
const T2 = new Int32Array(256);
const T3 = new Int32Array(256);

function double(value: number): number {
  return ((value << 1) ^ (value & 0x80 ? 0x11b : 0)) & 0xff;
}

function fillTables(): void {
  // Powers of the generator 3 give every inverse: inverse(3^i) = 3^(255 - i).
  const power = new Uint8Array(256);
  const log = new Uint8Array(256);
  let x = 1;
  for (let i = 0; i < 255; i++) {
    power[i] = x;
    log[x] = i;
    x ^= double(x);
  }
  for (let i = 0; i < 256; i++) {
    const inverse = i === 0 ? 0 : power[(255 - log[i]!) % 255]!;
    let s = inverse;
    for (let turn = 1; turn <= 4; turn++) s ^= ((inverse << turn) | (inverse >> (8 - turn))) & 0xff;
    s ^= 0x63;
    SBOX[i] = s;
    const s2 = double(s);
    const word = (s2 << 24) | (s << 16) | (s << 8) | (s2 ^ s);
    T0[i] = word;
    T1[i] = (word >>> 8) | (word << 24);
    T2[i] = (word >>> 16) | (word << 16);
    T3[i] = (word >>> 24) | (word << 8);
  }
}
fillTables();

/** Round keys (FIPS 197 section 5.2): 44 words of a 16-byte key, 60 of one of 32 bytes. */
export function expandKey(key: Uint8Array): Int32Array {
  if (key.length !== 16 && key.length !== 32) throw new RangeError(`AES key of ${key.length} bytes`);
  const length = key.length / 4;
  const words = new Int32Array(4 * (length + 7));
  for (let i = 0; i < length; i++) {
    words[i] = (key[4 * i]! << 24) | (key[4 * i + 1]! << 16) | (key[4 * i + 2]! << 8) | key[4 * i + 3]!;
  }
  let constant = 1;
  for (let i = length; i < words.length; i++) {
    let word = words[i - 1]!;
    if (i % length === 0) {
      word = substituted((word << 8) | (word >>> 24)) ^ (constant << 24);
      constant = double(constant);
    } else if (length === 8 && i % 8 === 4) word = substituted(word);
    words[i] = words[i - length]! ^ word;
  }
  return words;
}

function substituted(word: number): number {
  return (
    (SBOX[word >>> 24]! << 24) |
    (SBOX[(word >>> 16) & 255]! << 16) |
    (SBOX[(word >>> 8) & 255]! << 8) |
    SBOX[word & 255]!
  );
}

/** Encrypts the block of big-endian words `w0 … w3` into `out[0 … 3]`. */
export function encryptBlock(
  keys: Int32Array,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
  out: Int32Array,
): void {
  let a = w0 ^ keys[0]!;
  let b = w1 ^ keys[1]!;
  let c = w2 ^ keys[2]!;
  let d = w3 ^ keys[3]!;
  const last = keys.length - 4;
  let k = 4;
  for (; k < last; k += 4) {
    const e = T0[a >>> 24]! ^ T1[(b >>> 16) & 255]! ^ T2[(c >>> 8) & 255]! ^ T3[d & 255]! ^ keys[k]!;
    const f = T0[b >>> 24]! ^ T1[(c >>> 16) & 255]! ^ T2[(d >>> 8) & 255]! ^ T3[a & 255]! ^ keys[k + 1]!;
    const g = T0[c >>> 24]! ^ T1[(d >>> 16) & 255]! ^ T2[(a >>> 8) & 255]! ^ T3[b & 255]! ^ keys[k + 2]!;
    const h = T0[d >>> 24]! ^ T1[(a >>> 16) & 255]! ^ T2[(b >>> 8) & 255]! ^ T3[c & 255]! ^ keys[k + 3]!;
    a = e;
    b = f;
    c = g;
    d = h;
  }
  out[0] = lastRound(a, b, c, d) ^ keys[last]!;
  out[1] = lastRound(b, c, d, a) ^ keys[last + 1]!;
  out[2] = lastRound(c, d, a, b) ^ keys[last + 2]!;
  out[3] = lastRound(d, a, b, c) ^ keys[last + 3]!;
}

function lastRound(a: number, b: number, c: number, d: number): number {
  return (
    (SBOX[a >>> 24]! << 24) | (SBOX[(b >>> 16) & 255]! << 16) | (SBOX[(c >>> 8) & 255]! << 8) | SBOX[d & 255]!
  );
}

const stream = new Int32Array(4);

/**
 * Adds the counter-mode key stream to `bytes[start, end)` in place. The counter block is `w0 … w3`; `w3` counts up,
 * from its low 16 bits only for AES-CM (RFC 3711 section 4.1.1), from all 32 for GCM: packets are too short to tell.
 */
export function addKeyStream(
  keys: Int32Array,
  words: Int32Array,
  firstCounter: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const w0 = words[0]!;
  const w1 = words[1]!;
  const w2 = words[2]!;
  let counter = firstCounter;
  let i = start;
  for (; i + 16 <= end; i += 16) {
    encryptBlock(keys, w0, w1, w2, counter, stream);
    counter = (counter + 1) | 0;
    xorWord(bytes, i, stream[0]!);
    xorWord(bytes, i + 4, stream[1]!);
    xorWord(bytes, i + 8, stream[2]!);
    xorWord(bytes, i + 12, stream[3]!);
  }
  if (i < end) {
    encryptBlock(keys, w0, w1, w2, counter, stream);
    for (let j = 0; i < end; i++, j++) bytes[i] = bytes[i]! ^ (stream[j >> 2]! >>> (24 - 8 * (j & 3)));
  }
}

function xorWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = bytes[at]! ^ (word >>> 24);
  bytes[at + 1] = bytes[at + 1]! ^ (word >>> 16);
  bytes[at + 2] = bytes[at + 2]! ^ (word >>> 8);
  bytes[at + 3] = bytes[at + 3]! ^ word;
}
