import ipaddr from 'ipaddr.js';
import { fail, ok, type Result } from '../base/result.ts';

interface Network {
  readonly family: 'ipv4' | 'ipv6';
  readonly bytes: readonly number[];
  readonly bits: number;
}

/** Parses `192.0.2.0/24`, `192.0.2.7`, `2001:db8::/32`; IPv4-mapped IPv6 counts as IPv4. */
export function parseNetwork(text: string): Result<Network, 'not-an-address'> {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return fail('not-an-address');
  const full = address.bytes.length * 8;
  if (slash < 0) return ok({ ...address, bits: full });
  const digits = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(digits)) return fail('not-an-address');
  // An IPv4-mapped network counts its 96 leading bits too (RFC 4291 section 2.5.5.2).
  const bits = Number(digits) - (address.mapped ? 96 : 0);
  return bits < 0 || bits > full ? fail('not-an-address') : ok({ ...address, bits });
}

/** Addresses whose verdict is remembered; a spray of forged ones only turns the memory over. */
const MEMORY = 1024;

/** Remembers what `judge` says of the last addresses: a carrier has few, and calls from each by the thousand. */
function remembering<T>(judge: (address: string) => T): (address: string) => T {
  const verdicts = new Map<string, T>();
  return (address) => {
    if (address.length > 64) return judge(address);
    const known = verdicts.get(address);
    if (known !== undefined) return known;
    const verdict = judge(address);
    if (verdicts.size >= MEMORY) verdicts.clear();
    verdicts.set(address, verdict);
    return verdict;
  };
}

/** Addresses and CIDRs, compiled for asking often. An empty set contains nobody. */
export class AddressSet {
  readonly #networks: readonly Network[];
  /** Whether a literal address is inside; false for what is no address. */
  readonly has = remembering((address) => this.#has(address));

  /** `texts` that are no addresses are left out: they admit nobody. Configuration refuses them with their place. */
  constructor(texts: readonly string[]) {
    this.#networks = texts.flatMap((text) => {
      const network = parseNetwork(text);
      return network.ok ? [network.value] : [];
    });
  }

  #has(address: string): boolean {
    const parsed = parseAddress(address);
    return parsed !== undefined && this.#networks.some((network) => contains(network, parsed));
  }
}

/** What an address is for, as far as sending media there goes. */
export type AddressScope =
  | 'public'
  | 'private'
  | 'loopback'
  | 'link-local'
  | 'multicast'
  | 'unspecified'
  | 'reserved'
  | 'invalid';

/** Classifies a literal address. */
export const addressScope = remembering(scopeOf);

function scopeOf(address: string): AddressScope {
  if (!isCanonical(address)) return 'invalid';
  const range = ipaddr.process(address).range();
  switch (range) {
    case 'unicast':
    case '6to4':
    case 'teredo':
      return 'public';
    case 'private':
    case 'uniqueLocal':
    case 'carrierGradeNat':
      return 'private';
    case 'loopback':
      return 'loopback';
    case 'linkLocal':
      return 'link-local';
    case 'multicast':
      return 'multicast';
    case 'unspecified':
      return 'unspecified';
    default:
      return 'reserved';
  }
}

function contains(network: Network, address: Omit<Parsed, 'mapped'>): boolean {
  if (network.family !== address.family) return false;
  let left = network.bits;
  for (let i = 0; left > 0; i++, left -= 8) {
    const mask = left >= 8 ? 0xff : 0xff & (0xff << (8 - left));
    if (((network.bytes[i]! ^ address.bytes[i]!) & mask) !== 0) return false;
  }
  return true;
}

/** Whether two addresses or CIDRs have an address in common; false for what is none. */
export function overlapping(one: string, other: string): boolean {
  const a = parseNetwork(one);
  const b = parseNetwork(other);
  if (!a.ok || !b.ok) return false;
  const [wide, narrow] = a.value.bits <= b.value.bits ? [a.value, b.value] : [b.value, a.value];
  return contains(wide, narrow);
}

interface Parsed {
  readonly family: 'ipv4' | 'ipv6';
  readonly bytes: readonly number[];
  readonly mapped: boolean;
}

function parseAddress(text: string): Parsed | undefined {
  if (!isCanonical(text)) return undefined;
  const address = ipaddr.parse(text);
  if (address.kind() === 'ipv4') return { family: 'ipv4', bytes: address.toByteArray(), mapped: false };
  const v6 = address as InstanceType<typeof ipaddr.IPv6>;
  if (v6.isIPv4MappedAddress())
    return { family: 'ipv4', bytes: v6.toIPv4Address().toByteArray(), mapped: true };
  return { family: 'ipv6', bytes: v6.toByteArray(), mapped: false };
}

/** Only what everybody reads alike: four decimal parts (no `010.1`, no `1.2`, no hexadecimal), or IPv6. */
function isCanonical(text: string): boolean {
  if (text.length > 64) return false;
  return text.includes(':')
    ? ipaddr.IPv6.isValid(text)
    : ipaddr.IPv4.isValidFourPartDecimal(text) && !/(^|\.)0\d/.test(text);
}
