/** From here on a view on the bytes, which the engine copies at once, is cheaper than a loop. */
const LONG = 256;

/** Copies `from[start, end)` to `into` at `at`: pictures' packets by the engine, voices' without a view on them. */
export function copyBytes(from: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
  if (end - start >= LONG) into.set(from.subarray(start, end), at);
  else for (let i = start, j = at; i < end; i++, j++) into[j] = from[i]!;
}
