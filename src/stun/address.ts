import type { HostPort } from '../base/net.ts';
import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from './ip-text.ts';
import { MAGIC_COOKIE } from './message.ts';

/** Of which protocol an address is. */
export type AddressFamily = 'ipv4' | 'ipv6';

/** The family's number in address attributes (RFC 8489 section 14.1). */
export const FAMILY_NUMBERS: Readonly<Record<AddressFamily, number>> = { ipv4: 1, ipv6: 2 };

/** The family of a literal address. */
export function familyOf(address: string): AddressFamily {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

/** The family that an attribute names by its number; undefined: neither. */
export function familyNumbered(number: number | undefined): AddressFamily | undefined {
  return number === 1 ? 'ipv4' : number === 2 ? 'ipv6' : undefined;
}

/**
 * Reads the XOR-MAPPED-ADDRESS form at `offset` (RFC 8489 section 14.2); `bytes` is the whole message, for the
 * transaction id is part of the mask of IPv6. Undefined when family and length do not fit.
 */
export function readXorAddress(bytes: Uint8Array, offset: number, length: number): HostPort | undefined {
  const family = bytes[offset + 1];
  const port = (((bytes[offset + 2]! << 8) | bytes[offset + 3]!) ^ (MAGIC_COOKIE >>> 16)) & 0xffff;
  if (family === 1 && length === 8) return { address: formatIPv4(readXorIPv4(bytes, offset)), port };
  if (family === 2 && length === 20) {
    const plain = new Uint8Array(16);
    for (let i = 0; i < 16; i++) plain[i] = bytes[offset + 4 + i]! ^ bytes[4 + i]!;
    return { address: formatIPv6(plain), port };
  }
  return undefined;
}

/** The unmasked 32 bits of an IPv4 XOR address whose value starts at `offset`; the caller has checked the family. */
export function readXorIPv4(bytes: Uint8Array, offset: number): number {
  const masked =
    (bytes[offset + 4]! << 24) | (bytes[offset + 5]! << 16) | (bytes[offset + 6]! << 8) | bytes[offset + 7]!;
  return (masked ^ MAGIC_COOKIE) >>> 0;
}

/** True when the IPv6 XOR address whose value starts at `offset` is the one of these 16 bytes; the caller has checked the family. */
export function isXorIPv6(bytes: Uint8Array, offset: number, plain: Uint8Array): boolean {
  for (let i = 0; i < 16; i++) if ((bytes[offset + 4 + i]! ^ bytes[4 + i]!) !== plain[i]) return false;
  return true;
}

/** The unmasked port of an XOR address whose value starts at `offset`. */
export function readXorPort(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset + 2]! << 8) | bytes[offset + 3]!) ^ (MAGIC_COOKIE >>> 16);
}

/**
 * Writes the value of an XOR address attribute at `offset` of a message whose header is in place already.
 * Returns its length: 8 or 20. Throws when `address` is no literal address: our own sockets gave it.
 */
export function writeXorAddress(bytes: Uint8Array, offset: number, address: string, port: number): number {
  const v4 = parseIPv4(address);
  const v6 = v4 === undefined ? parseIPv6(address) : undefined;
  if (v4 === undefined && v6 === undefined) throw new TypeError(`no literal address: ${address}`);
  const xorPort = port ^ (MAGIC_COOKIE >>> 16);
  bytes[offset] = 0;
  bytes[offset + 1] = v4 === undefined ? 2 : 1;
  bytes[offset + 2] = xorPort >> 8;
  bytes[offset + 3] = xorPort;
  if (v4 !== undefined) {
    const masked = v4 ^ MAGIC_COOKIE;
    bytes[offset + 4] = masked >>> 24;
    bytes[offset + 5] = masked >>> 16;
    bytes[offset + 6] = masked >>> 8;
    bytes[offset + 7] = masked;
    return 8;
  }
  for (let i = 0; i < 16; i++) bytes[offset + 4 + i] = v6![i]! ^ bytes[4 + i]!;
  return 20;
}
