import { createHmac, createSecretKey, hash, randomFillSync } from 'node:crypto';
import type { Digests } from '../../base/digests.ts';
import type { Random } from '../../base/random.ts';

/** A pool: one call into OpenSSL costs as much for a few bytes as for some thousand. */
const pool = new Uint8Array(8192);
let used = pool.length;

/** Bytes that nobody was given before; they do not stay in the pool. */
function take(length: number): Uint8Array<ArrayBuffer> {
  if (length > pool.length) return randomFillSync(new Uint8Array(length));
  if (used + length > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const bytes = pool.slice(used, used + length);
  pool.fill(0, used, used + length);
  used += length;
  return bytes;
}

/** The operating system's randomness. */
export const systemRandom: Random = {
  bytes: take,
  u32: () => {
    const [a, b, c, d] = take(4) as unknown as [number, number, number, number];
    return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  },
};

/** A key as bytes is four times as dear: Node 24 throws, and catches, an error to find out that it is no object. */
const hmac = (name: string, key: Uint8Array, data: Uint8Array): Uint8Array =>
  createHmac(name, createSecretKey(key)).update(data).digest();

/** Hashes of OpenSSL. */
export const nodeDigests: Digests = {
  md5: (data) => hash('md5', data, 'buffer'),
  sha1: (data) => hash('sha1', data, 'buffer'),
  sha256: (data) => hash('sha256', data, 'buffer'),
  sha512t256: (data) => hash('sha512-256', data, 'buffer'),
  hmacSha1: (key, data) => hmac('sha1', key, data),
  hmacSha256: (key, data) => hmac('sha256', key, data),
};
