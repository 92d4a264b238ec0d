/** SRTP's keys in SDP (RFC 4568): `a=crypto` read and written. Whoever sees the signaling has the keys. */
import { base64 } from '../base/bytes.ts';
import type { MediaDescription } from './parse.ts';

/** Names of RFC 4568 section 6.2, RFC 6188 section 4, RFC 7714 section 14.1; those of the media side's `SrtpProfile`. */
export type CryptoSuite =
  | 'AEAD_AES_128_GCM'
  | 'AEAD_AES_256_GCM'
  | 'AES_CM_128_HMAC_SHA1_80'
  | 'AES_CM_128_HMAC_SHA1_32'
  | 'AES_256_CM_HMAC_SHA1_80'
  | 'AES_256_CM_HMAC_SHA1_32';

/** Bytes of master key and master salt. */
export const CRYPTO_SUITES: Readonly<Record<CryptoSuite, { readonly key: number; readonly salt: number }>> = {
  AES_CM_128_HMAC_SHA1_80: { key: 16, salt: 14 },
  AES_CM_128_HMAC_SHA1_32: { key: 16, salt: 14 },
  AES_256_CM_HMAC_SHA1_80: { key: 32, salt: 14 },
  AES_256_CM_HMAC_SHA1_32: { key: 32, salt: 14 },
  AEAD_AES_128_GCM: { key: 16, salt: 12 },
  AEAD_AES_256_GCM: { key: 32, salt: 12 },
};

/** Of our own offers: what everybody has stands first, and nobody needs the weak tags. */
export const OFFERED_SUITES: readonly CryptoSuite[] = [
  'AES_CM_128_HMAC_SHA1_80',
  'AES_256_CM_HMAC_SHA1_80',
  'AEAD_AES_256_GCM',
  'AEAD_AES_128_GCM',
];

/** By other names, of drafts and of older phones. */
const ALIASES: Readonly<Record<string, CryptoSuite>> = {
  AES_CM_256_HMAC_SHA1_80: 'AES_256_CM_HMAC_SHA1_80',
  AES_CM_256_HMAC_SHA1_32: 'AES_256_CM_HMAC_SHA1_32',
};

/** One direction's key, as one `a=crypto` line has it: of what the end that wrote the line sends. */
export interface CryptoLine {
  /** By which an answer names the line of the offer that it takes. */
  readonly tag: number;
  readonly suite: CryptoSuite;
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
  /** Master key identifier that each packet bears (RFC 3711 section 3.1); undefined: none. */
  readonly mki?: Uint8Array | undefined;
}

/** Bytes of the longest MKI (RFC 4568 section 6.1). */
const MAX_MKI = 128;
/** Lines of one stream that are looked at. */
const MAX_LINES = 16;
const INLINE = /^inline:([A-Za-z0-9+/]{1,88}={0,2})(?:\|(?:2\^)?\d{1,15})?(?:\|(\d{1,309}):(\d{1,3}))?$/;

/**
 * The lines that we can use. Others are passed over (RFC 4568 section 5.1.2): suites that we lack, several keys, a session
 * parameter that changes what we would do (section 6.3), and faults.
 */
export function readCrypto(lines: MediaDescription['crypto']): readonly CryptoLine[] {
  return (lines ?? []).slice(0, MAX_LINES).flatMap((line) => readLine(line) ?? []);
}

function readLine(line: NonNullable<MediaDescription['crypto']>[number]): CryptoLine | undefined {
  const tag = Number(line.id);
  const suite = suiteOf(String(line.suite));
  const inline = INLINE.exec(String(line.config));
  const text = inline?.[1];
  const mki = readMki(inline?.[2], inline?.[3]);
  if (
    mki === 'fault' ||
    suite === undefined ||
    text === undefined ||
    !Number.isSafeInteger(tag) ||
    tag > 999_999_999
  )
    return undefined;
  if (
    !String(line.sessionConfig ?? '')
      .split(',')
      .every(isHarmless)
  )
    return undefined;
  const { key, salt } = CRYPTO_SUITES[suite];
  const bytes = fromBase64(text);
  if (bytes.length !== key + salt) return undefined;
  const found = { tag, suite, key: bytes.slice(0, key), salt: bytes.slice(key) };
  return mki === undefined ? found : { ...found, mki };
}

/** RFC 4568 section 6.1: `value:length`, the value in so many bytes, the highest first. */
function readMki(value: string | undefined, length: string | undefined): Uint8Array | 'fault' | undefined {
  if (value === undefined || length === undefined) return undefined;
  const bytes = new Uint8Array(Math.min(MAX_MKI + 1, Number(length)));
  let rest = BigInt(value);
  for (let at = bytes.length - 1; at >= 0; at--) {
    bytes[at] = Number(rest & 255n);
    rest >>= 8n;
  }
  return rest > 0n || bytes.length === 0 || bytes.length > MAX_MKI ? 'fault' : bytes;
}

function writeMki(mki: Uint8Array): string {
  return `|${mki.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)}:${mki.length}`;
}

function suiteOf(name: string): CryptoSuite | undefined {
  const upper = name.toUpperCase();
  return Object.hasOwn(CRYPTO_SUITES, upper) ? (upper as CryptoSuite) : ALIASES[upper];
}

/** RFC 4568 section 6.3.7: what begins with `-` may be passed over. A window size is the reader's own affair (6.3.8). */
function isHarmless(parameter: string): boolean {
  return parameter === '' || parameter.startsWith('-') || /^(WSH=\d{2,4}|KDR=0)$/.test(parameter);
}

/** `a=crypto`, without its end of line. */
export function writeCrypto({ tag, suite, key, salt, mki }: CryptoLine): string {
  const both = new Uint8Array(key.length + salt.length);
  both.set(key);
  both.set(salt, key.length);
  return `a=crypto:${tag} ${suite} inline:${base64(both)}${mki === undefined ? '' : writeMki(mki)}`;
}

/** Whether two lines have the same key for the same suite: then packets count on, and their roll-over counter stays. */
export function sameKey(a: CryptoLine | undefined, b: CryptoLine | undefined): boolean {
  if (a === undefined || b === undefined || a.suite !== b.suite) return a === b;
  const same = (one: Uint8Array, other: Uint8Array) => one.every((byte, at) => byte === other[at]);
  return same(a.key, b.key) && same(a.salt, b.salt);
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base 64 of which the alphabet was checked; padding may be missing, as some phones have it. */
function fromBase64(text: string): Uint8Array {
  const digits = text.replace(/=+$/, '');
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const digit of digits) {
    bits = ((bits << 6) | DIGITS.indexOf(digit)) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[at++] = (bits >> held) & 255;
  }
  return bytes;
}
