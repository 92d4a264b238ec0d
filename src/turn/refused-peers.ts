import { parseIPv4, parseIPv6 } from '../stun/ip-text.ts';

/**
 * An IPv6 address that carries or stands for another one, so that a check of it checks the wrong one: IPv4-mapped and -compatible,
 * NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056), Teredo (RFC 4380), ISATAP (RFC 5214). Never a peer, whatever is allowed.
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
/** Of Google's cloud, Oracle's and Scaleway's. */
const METADATA_V6: ReadonlySet<string> = new Set(
  ['fd20:ce::254', 'fd00:c1::a9fe:a9fe', 'fd00:42::42'].map((text) => String(parseIPv6(text))),
);
/** All services that EC2 gives to its machines, those that hand out credentials among them: fd00:ec2::/32. */
const EC2_SERVICES = { first: 0xfd00, second: 0x0ec2 };

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
  if (word(bytes, 0) === EC2_SERVICES.first && word(bytes, 1) === EC2_SERVICES.second) return true;
  return !known || isDisguisedIPv6(bytes) || METADATA_V6.has(String(bytes));
}

function isDisguisedIPv6(bytes: Uint8Array): boolean {
  const first = word(bytes, 0);
  if (first === 0x2002 || (first === 0x2001 && word(bytes, 1) === 0)) return true;
  if (first === 0x64 && word(bytes, 1) === 0xff9b) return true;
  // RFC 5214 section 6.1: 0000:5efe or 0200:5efe and an address of IPv4, behind any prefix.
  if ((word(bytes, 4) & 0xfdff) === 0 && word(bytes, 5) === 0x5efe) return true;
  // What is left stands behind zeros: ::a.b.c.d, ::ffff:a.b.c.d, ::ffff:0:a.b.c.d; but :: and ::1 are themselves.
  for (let at = 0; at < 4; at++) if (word(bytes, at) !== 0) return false;
  return word(bytes, 4) !== 0 || word(bytes, 5) !== 0 || word(bytes, 6) !== 0 || word(bytes, 7) > 1;
}

/** The 16 bits at `index` of the eight that an address is written in. */
function word(bytes: Uint8Array, index: number): number {
  return (bytes[2 * index]! << 8) | bytes[2 * index + 1]!;
}
