/** Randomness is handed in: from the operating system in `adapters/crypto`, seeded in tests. */
export interface Random {
  /** `length` bytes, fit for keys, tags and tokens. */
  bytes(length: number): Uint8Array;
  /** A whole number of 32 bits, fit for an SSRC. */
  u32(): number;
}
