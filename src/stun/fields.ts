import { fromUtf8 } from '../base/bytes.ts';
import type { HostPort } from '../base/net.ts';
import { readXorAddress } from './address.ts';
import { findAttribute, HEADER_BYTES, type StunMessage } from './message.ts';
import { Attribute } from './registry.ts';

/** Limits of RFC 8489 sections 14.3, 14.9 and 14.10, in bytes. */
const MAX_USERNAME = 508;
const MAX_QUOTED = 763;

/** USERNAME, or undefined when it lacks, is empty or too long. */
export function username(message: StunMessage): string | undefined {
  return text(message, Attribute.username, MAX_USERNAME);
}

/** REALM. */
export function realm(message: StunMessage): string | undefined {
  return text(message, Attribute.realm, MAX_QUOTED);
}

/** NONCE. */
export function nonce(message: StunMessage): string | undefined {
  return text(message, Attribute.nonce, MAX_QUOTED);
}

/** An address attribute in the XOR form; undefined when it lacks or is malformed. */
export function xorAddress(message: StunMessage, type: number): HostPort | undefined {
  const at = findAttribute(message.bytes, type);
  if (at < 0) return undefined;
  return readXorAddress(message.bytes, at, (message.bytes[at - 2]! << 8) | message.bytes[at - 1]!);
}

/** All addresses of a repeated XOR attribute (CreatePermission); undefined when one of them is malformed. */
export function xorAddresses(message: StunMessage, type: number): HostPort[] | undefined {
  const found: HostPort[] = [];
  const { bytes } = message;
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const kind = (bytes[at]! << 8) | bytes[at + 1]!;
    const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    // What the integrity does not cover is not believed (RFC 8489 section 14.5).
    if (kind === Attribute.messageIntegrity || kind === Attribute.messageIntegritySha256) break;
    if (kind === type) {
      const peer = readXorAddress(bytes, at + 4, length);
      if (peer === undefined) return undefined;
      found.push(peer);
    }
    at += 4 + ((length + 3) & ~3);
  }
  return found;
}

/** ERROR-CODE as 300 … 699 and its phrase (RFC 8489 section 14.8). */
export function errorCode(message: StunMessage): { code: number; reason: string } | undefined {
  const value = message.attribute(Attribute.errorCode);
  if (value === undefined || value.length < 4) return undefined;
  return { code: (value[2]! & 7) * 100 + value[3]!, reason: fromUtf8(value.subarray(4)) };
}

function text(message: StunMessage, type: number, limit: number): string | undefined {
  const value = message.attribute(type);
  if (value === undefined || value.length === 0 || value.length > limit) return undefined;
  return fromUtf8(value);
}
