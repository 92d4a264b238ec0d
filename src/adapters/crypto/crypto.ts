import { createHash, createHmac, randomFillSync } from 'node:crypto';
import type { Digests } from '../../base/digests.ts';
import type { Random } from '../../base/random.ts';

const word = new Uint32Array(1);

/** The operating system's randomness. */
export const systemRandom: Random = {
  bytes: (length) => randomFillSync(new Uint8Array(length)),
  u32: () => {
    randomFillSync(word);
    return word[0]!;
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
