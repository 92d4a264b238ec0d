import { createHash, createHmac, randomFillSync } from 'node:crypto';
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

/** Hashes of OpenSSL. */
export const nodeDigests: Digests = {
  md5: (data) => createHash('md5').update(data).digest(),
  sha1: (data) => createHash('sha1').update(data).digest(),
  sha256: (data) => createHash('sha256').update(data).digest(),
  sha512t256: (data) => createHash('sha512-256').update(data).digest(),
  hmacSha1: (key, data) => createHmac('sha1', key).update(data).digest(),
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
};
