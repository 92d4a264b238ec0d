import { equalBytes, utf8 } from '../base/bytes.ts';
import type { Digests } from '../base/digests.ts';
import { FINGERPRINT_MASK } from './builder.ts';
import { crc32 } from './crc32.ts';
import { findAttribute, HEADER_BYTES, type StunMessage } from './message.ts';
import type { PasswordAlgorithm } from './password-algorithm.ts';
import { Attribute } from './registry.ts';

/** Result of a look at an integrity or fingerprint attribute. */
export type Seal = 'absent' | 'good' | 'bad';

/** Checks MESSAGE-INTEGRITY, HMAC-SHA1 (RFC 8489 section 14.5). */
export function checkIntegrity(message: StunMessage, digests: Digests, key: Uint8Array): Seal {
  const found = message.attribute(Attribute.messageIntegrity);
  if (found === undefined) return 'absent';
  if (found.length !== 20) return 'bad';
  const sum = digests.hmacSha1(key, covered(message, Attribute.messageIntegrity, 20));
  return equalBytes(found, sum) ? 'good' : 'bad';
}

/** Checks MESSAGE-INTEGRITY-SHA256, which may be cut to 16 bytes or more in steps of 4 (RFC 8489 section 14.6). */
export function checkIntegritySha256(message: StunMessage, digests: Digests, key: Uint8Array): Seal {
  const found = message.attribute(Attribute.messageIntegritySha256);
  if (found === undefined) return 'absent';
  if (found.length < 16 || found.length > 32 || found.length % 4 !== 0) return 'bad';
  const sum = digests.hmacSha256(key, covered(message, Attribute.messageIntegritySha256, found.length));
  return equalBytes(found, sum.subarray(0, found.length)) ? 'good' : 'bad';
}

/** Checks FINGERPRINT, which must be the last attribute (RFC 8489 section 14.7). */
export function checkFingerprint(message: StunMessage): Seal {
  const { bytes } = message;
  const at = findAttribute(bytes, Attribute.fingerprint);
  if (at < 0) return 'absent';
  if (at + 4 !== bytes.length || bytes[at - 1] !== 4 || bytes[at - 2] !== 0) return 'bad';
  const found = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  return found === (crc32(bytes, at - 4) ^ FINGERPRINT_MASK) >>> 0 ? 'good' : 'bad';
}

/** Key of short-term credentials (RFC 8489 section 9.1.1); ICE passwords are ASCII, so SASLprep changes nothing. */
export function shortTermKey(password: string): Uint8Array {
  return utf8(password);
}

/**
 * Key of long-term credentials: MD5 as every browser has it, or SHA-256 (RFC 8489 section 18.5.1). User name, realm and
 * password as they are: what needs OpaqueString is not handed out here.
 */
export function longTermKey(
  digests: Digests,
  username: string,
  realm: string,
  password: string,
  algorithm: PasswordAlgorithm = 'md5',
): Uint8Array {
  const text = utf8(`${username}:${realm}:${password}`);
  return algorithm === 'md5' ? digests.md5(text) : digests.sha256(text);
}

/** What the HMAC is over: all before the attribute, with a length as if the message ended with it. */
function covered(message: StunMessage, type: number, length: number): Uint8Array {
  const end = findAttribute(message.bytes, type) - 4;
  const counted = end + 4 + length - HEADER_BYTES;
  if (end + 4 + length === message.bytes.length) return message.bytes.subarray(0, end);
  const copy = message.bytes.slice(0, end);
  copy[2] = counted >> 8;
  copy[3] = counted;
  return copy;
}
