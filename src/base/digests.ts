/** Hashes that protocols are made of; `adapters/crypto` gives them from node:crypto. Inputs are never kept. */
export interface Digests {
  md5(data: Uint8Array): Uint8Array;
  sha1(data: Uint8Array): Uint8Array;
  sha256(data: Uint8Array): Uint8Array;
  /** SHA-512/256 (FIPS 180-4): not the first half of SHA-512. */
  sha512t256(data: Uint8Array): Uint8Array;
  hmacSha1(key: Uint8Array, data: Uint8Array): Uint8Array;
  hmacSha256(key: Uint8Array, data: Uint8Array): Uint8Array;
}
