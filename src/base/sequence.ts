/** a - b of 16-bit sequence numbers, in -32768 … 32767: positive when `a` is newer (RFC 1982). */
export function sequenceDelta(a: number, b: number): number {
  return ((a - b) << 16) >> 16;
}

/** a - b of 32-bit timestamps, positive when `a` is newer. */
export function timestampDelta(a: number, b: number): number {
  return (a - b) | 0;
}
