import { parseIPv4, parseIPv6 } from '../stun/ip-text.ts';

/** The 4 or 16 bytes of a literal address; what is none becomes `0.0.0.0`. */
export function ipBytes(address: string): Uint8Array {
  const v4 = parseIPv4(address) ?? 0;
  return parseIPv6(address) ?? Uint8Array.of(v4 >>> 24, (v4 >>> 16) & 255, (v4 >>> 8) & 255, v4 & 255);
}
