import type { Random } from './random.ts';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** `length` characters of base 62, uniformly drawn (bytes of 248 and above are drawn again). */
export function randomText(random: Random, length: number): string {
  const codes: number[] = [];
  while (codes.length < length) {
    const bytes = random.bytes(length - codes.length + 4);
    for (let i = 0; i < bytes.length && codes.length < length; i++) {
      const byte = bytes[i]!;
      if (byte < 248) codes.push(BASE62.charCodeAt(byte % 62));
    }
  }
  return String.fromCharCode(...codes);
}

/** An id in LiveKit's form: `RM_`, `PA_`, `TR_`, `SCL_`, `ST_` (trunks), `SDR_` (dispatch rules) and 12 random characters. */
export function newId(
  random: Random,
  prefix: 'RM' | 'PA' | 'TR' | 'SCL' | 'ND' | 'LG' | 'TP' | 'SN' | 'AW' | 'AD' | 'AJ' | 'RPC' | 'ST' | 'SDR',
): string {
  return `${prefix}_${randomText(random, 12)}`;
}
