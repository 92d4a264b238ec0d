import { base64, concat } from '../base/bytes.ts';

/** How the key of long-term credentials is made of the password (RFC 8489 section 18.5). */
export type PasswordAlgorithm = 'md5' | 'sha256';

const NUMBERS: Readonly<Record<PasswordAlgorithm, number>> = { md5: 1, sha256: 2 };

/** The value of PASSWORD-ALGORITHMS (RFC 8489 section 14.11), best first. */
export function encodePasswordAlgorithms(algorithms: readonly PasswordAlgorithm[]): Uint8Array {
  return concat(algorithms.map(encodePasswordAlgorithm));
}

/** The value of PASSWORD-ALGORITHM (RFC 8489 section 14.12). Neither algorithm has parameters. */
export function encodePasswordAlgorithm(algorithm: PasswordAlgorithm): Uint8Array {
  return Uint8Array.of(0, NUMBERS[algorithm], 0, 0);
}

/** The first algorithm of a PASSWORD-ALGORITHM or PASSWORD-ALGORITHMS value that we know; undefined when there is none. */
export function readPasswordAlgorithm(value: Uint8Array): PasswordAlgorithm | undefined {
  for (let at = 0; at + 4 <= value.length; ) {
    const number = (value[at]! << 8) | value[at + 1]!;
    const parameters = (value[at + 2]! << 8) | value[at + 3]!;
    if (parameters === 0 && number === NUMBERS.sha256) return 'sha256';
    if (parameters === 0 && number === NUMBERS.md5) return 'md5';
    at += 4 + ((parameters + 3) & ~3);
  }
  return undefined;
}

/** RFC 8489 section 9.2: so begins a nonce whose next four characters tell what the server can do. */
const COOKIE = 'obMatJos2';
/**
 * "Password algorithms" is bit 0, the leftmost by the words of RFC 8489 section 18.1 and the rightmost by its test vector and erratum
 * 6290. The other one means nothing in either reading, so both are set.
 */
const PASSWORD_ALGORITHMS = Uint8Array.of(0x80, 0, 0x01);

/** What every nonce of a server that offers PASSWORD-ALGORITHMS begins with; 13 characters. */
export const NONCE_COOKIE: string = COOKIE + base64(PASSWORD_ALGORITHMS);

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The nonce says that PASSWORD-ALGORITHMS came with it: where it lacks, somebody took it away (RFC 8489 section 9.2.1). */
export function promisesPasswordAlgorithms(nonce: string): boolean {
  if (!nonce.startsWith(COOKIE) || nonce.length < NONCE_COOKIE.length) return false;
  const first = DIGITS.indexOf(nonce[COOKIE.length]!);
  const last = DIGITS.indexOf(nonce[NONCE_COOKIE.length - 1]!);
  // Of the 24 bits the leftmost, or the rightmost.
  return first >= 32 || last % 2 === 1;
}
