import { parseIPv4, parseIPv6 } from '../stun/ip-text.ts';

/**
 * An IPv6 address that carries or stands for another one, so that a check of it checks the wrong one: IPv4-mapped and -compatible,
 * NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056), Teredo (RFC 4380). Never a peer, whatever is allowed.
 */
export function isDisguised(address: string): boolean {
  if (!address.includes(':')) return false;
  const bytes = parseIPv6(address);
  // What cannot be read cannot be checked.
  return bytes === undefined || isDisguisedIPv6(bytes);
}

/**
 * Addresses that are no peers even of a network that is allowed: unspecified, loopback, link-local, multicast, reserved, the metadata
 * services of clouds, and whatever is disguised. Private ones (RFC 1918, RFC 4193) may be allowed by name.
 */
export function isNeverPeer(address: string): boolean {
  const v4 = parseIPv4(address);
  if (v4 !== undefined) return isNeverIPv4(v4);
  const bytes = parseIPv6(address);
  return bytes === undefined || isNeverIPv6(bytes);
}

/** Metadata services outside of link-local addresses: Azure, Alibaba, Oracle. */
const METADATA_V4: ReadonlySet<number> = new Set(
  ['168.63.129.16', '100.100.100.200', '192.0.0.192'].map((text) => parseIPv4(text)!),
);
/** Of EC2 and of Google's cloud. */
const METADATA_V6: ReadonlySet<string> = new Set(
  ['fd00:ec2::254', 'fd20:ce::254'].map((text) => String(parseIPv6(text))),
);

function isNeverIPv4(ip: number): boolean {
  const first = ip >>> 24;
  // 0/8, 127/8, and from 224/4 on multicast, reserved and broadcast.
  if (first === 0 || first === 127 || first >= 224) return true;
  return ip >>> 16 === 0xa9fe || METADATA_V4.has(ip);
}

/** Only global unicast (2000::/3) and unique local addresses (fc00::/7) are anybody's. */
function isNeverIPv6(bytes: Uint8Array): boolean {
  const first = bytes[0]!;
  const known = first >> 5 === 1 || first >> 1 === 0x7e;
  return !known || isDisguisedIPv6(bytes) || METADATA_V6.has(String(bytes));
}

function isDisguisedIPv6(bytes: Uint8Array): boolean {
  const word = (at: number) => (bytes[2 * at]! << 8) | bytes[2 * at + 1]!;
  if (word(0) === 0x2002 || (word(0) === 0x2001 && word(1) === 0)) return true;
  if (word(0) === 0x64 && word(1) === 0xff9b) return true;
  // What is left stands behind zeros: ::a.b.c.d, ::ffff:a.b.c.d, ::ffff:0:a.b.c.d; but :: and ::1 are themselves.
  for (let at = 0; at < 4; at++) if (word(at) !== 0) return false;
  return word(4) !== 0 || word(5) !== 0 || word(6) !== 0 || word(7) > 1;
}
