/**
 * G.711 (ITU-T): A-law and µ-law, both ways, by tables. A frame is whatever the arrays are long; nothing is allocated
 * but the tables, once.
 */

/** The two laws, named by their MIME subtypes (RFC 3551 section 4.5.14). */
export type G711Law = 'pcma' | 'pcmu';

/** The byte that stands for silence: the shortest step above zero of each law. */
export const G711_SILENCE: Readonly<Record<G711Law, number>> = { pcma: 0xd5, pcmu: 0xff };

function alawToLinear(byte: number): number {
  const code = byte ^ 0x55;
  const segment = (code >> 4) & 7;
  let value = (code & 0x0f) << 4;
  value += segment === 0 ? 8 : 0x108;
  if (segment > 1) value <<= segment - 1;
  return code & 0x80 ? value : -value;
}

function ulawToLinear(byte: number): number {
  const code = ~byte & 0xff;
  const value = ((((code & 0x0f) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84;
  return code & 0x80 ? -value : value;
}

/** All 65,536 samples mapped to the code whose value lies nearest, the smaller magnitude on a tie. */
function encodeTable(toLinear: (byte: number) => number): Uint8Array {
  const codes = Array.from({ length: 256 }, (_, byte) => ({ byte, value: toLinear(byte) }));
  // µ-law has two zeros: 0xff is the positive one, and the one to send.
  codes.sort((a, b) => a.value - b.value || a.byte - b.byte);
  const table = new Uint8Array(65536);
  let at = 0;
  for (let sample = -32768; sample <= 32767; sample++) {
    while (at + 1 < codes.length && nearer(codes[at + 1]!.value, codes[at]!.value, sample)) at++;
    table[sample & 0xffff] = codes[at]!.byte;
  }
  return table;
}

function nearer(next: number, current: number, sample: number): boolean {
  return Math.abs(next - sample) <= Math.abs(current - sample);
}

const DECODE: Readonly<Record<G711Law, Int16Array>> = {
  pcma: Int16Array.from({ length: 256 }, (_, byte) => alawToLinear(byte)),
  pcmu: Int16Array.from({ length: 256 }, (_, byte) => ulawToLinear(byte)),
};
const ENCODE: Readonly<Record<G711Law, Uint8Array>> = {
  pcma: encodeTable(alawToLinear),
  pcmu: encodeTable(ulawToLinear),
};

/** Decodes `from[start, end)` into `into` at `at`; answers the samples written (as many as fit). */
export function decodeG711(
  law: G711Law,
  from: Uint8Array,
  start: number,
  end: number,
  into: Int16Array,
  at: number,
): number {
  const table = DECODE[law];
  const count = Math.max(0, Math.min(end - start, into.length - at));
  for (let i = 0; i < count; i++) into[at + i] = table[from[start + i]!]!;
  return count;
}

/** Encodes `from[start, end)` into `into` at `at`; answers the bytes written (as many as fit). */
export function encodeG711(
  law: G711Law,
  from: Int16Array,
  start: number,
  end: number,
  into: Uint8Array,
  at: number,
): number {
  const table = ENCODE[law];
  const count = Math.max(0, Math.min(end - start, into.length - at));
  for (let i = 0; i < count; i++) into[at + i] = table[from[start + i]! & 0xffff]!;
  return count;
}

/** Sum of the squares of the samples that `from[start, end)` stands for: the level of a packet without decoding it. */
export function energyG711(law: G711Law, from: Uint8Array, start: number, end: number): number {
  const table = DECODE[law];
  let sum = 0;
  for (let i = start; i < end; i++) {
    const sample = table[from[i]!]!;
    sum += sample * sample;
  }
  return sum;
}

/** The law that a MIME type in lower case names (`audio/pcma`), or undefined. */
export function lawOf(mime: string): G711Law | undefined {
  if (mime === 'audio/pcma') return 'pcma';
  if (mime === 'audio/pcmu') return 'pcmu';
  return undefined;
}
