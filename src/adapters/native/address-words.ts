import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Above a family of IPv6 stands the zone, the number of an interface (`addon/poll.h`, kScopeShift). */
const SCOPE_SHIFT = 8;
/** Interfaces by number, as far as they were asked for. */
const names = new Map<number, string>();

/**
 * Family and address as words in the order of the network: `[4, a, 0, 0, 0]`, `[6, a, b, c, d]`. A zone, which only a
 * link-local address has (RFC 4007 section 6), stands above the family; a zone that this machine has not is no address.
 */
export function takeApart(address: string): Int32Array | undefined {
  const words = new Int32Array(5);
  if (!isIPv6(address)) {
    const bytes = address.split('.').map(Number);
    if (bytes.length !== 4 || bytes.some((byte) => !(byte >= 0 && byte <= 255))) return undefined;
    words[0] = 4;
    words[1] = bytes.reduce((word, byte) => (word << 8) | byte, 0);
    return words;
  }
  const [front = '', back] = plainGroups(address).split('::');
  const head = front === '' ? [] : front.split(':');
  const tail = back === undefined || back === '' ? [] : back.split(':');
  const middle = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  const groups = [...head, ...middle, ...tail].map((group) => Number.parseInt(group, 16));
  const scope = scopeOf(address.split('%')[1]);
  if (scope === undefined) return undefined;
  words[0] = 6 | (scope << SCOPE_SHIFT);
  for (let i = 0; i < 4; i++) words[1 + i] = (groups[2 * i]! << 16) | groups[2 * i + 1]!;
  return words;
}

/** Without a zone, and an IPv4 end as two groups (RFC 4291 section 2.2). */
function plainGroups(address: string): string {
  const text = address.split('%')[0]!;
  const colon = text.lastIndexOf(':');
  if (!text.includes('.')) return text;
  const [a = 0, b = 0, c = 0, d = 0] = text
    .slice(colon + 1)
    .split('.')
    .map(Number);
  return `${text.slice(0, colon + 1)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}

/** The number of an interface that is named, or has its number for a name; 0 for none. */
function scopeOf(zone: string | undefined): number | undefined {
  if (zone === undefined) return 0;
  if (/^\d{1,7}$/.test(zone)) return Number(zone);
  return networkInterfaces()[zone]?.find(({ family }) => family === 'IPv6')?.scopeid;
}

/** The name of an interface, or its number when it has gone. */
function zoneOf(scope: number): string {
  let name = names.get(scope);
  if (name === undefined) {
    const own = Object.entries(networkInterfaces());
    name = own.find(([, list]) => list?.some(({ scopeid }) => scopeid === scope))?.[0] ?? String(scope);
    names.set(scope, name);
  }
  return name;
}

/** The text as node:dgram gives it: IPv6 by RFC 5952, a link-local address with its zone. */
export function putTogether(words: Int32Array): string {
  if (words[0] === 4) {
    const word = words[1]! >>> 0;
    return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
  }
  const groups: string[] = [];
  for (let i = 1; i <= 4; i++) {
    const word = words[i]! >>> 0;
    groups.push((word >>> 16).toString(16), (word & 0xffff).toString(16));
  }
  const scope = words[0]! >>> SCOPE_SHIFT;
  return scope === 0 ? shortened(groups) : `${shortened(groups)}%${zoneOf(scope)}`;
}

/** The longest run of two or more zero groups becomes `::`, the first of equal ones (RFC 5952 section 4.2). */
function shortened(groups: readonly string[]): string {
  let from = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === '0') end++;
    if (end - i > length) {
      from = i;
      length = end - i;
    }
    i = Math.max(i, end);
  }
  if (from < 0) return groups.join(':');
  return `${groups.slice(0, from).join(':')}::${groups.slice(from + length).join(':')}`;
}

/** Addresses that {@link AddressTexts} has at hand. A power of two. */
const TEXTS = 4096;

/** Texts of addresses that come again and again: each is made once, so that a packet makes none, and looking it up is quick. */
export class AddressTexts {
  readonly #words = new Int32Array(5 * TEXTS);
  readonly #texts = new Array<string>(TEXTS).fill('');
  readonly #parts = new Int32Array(5);

  /** The address of a slot whose words begin at `at`: behind the family stands the port, which is no part of it. */
  of(words: Int32Array, at: number): string {
    const parts = this.#parts;
    let mixed = 0;
    for (let i = 0; i < 5; i++) {
      const word = words[at + (i === 0 ? 2 : 3 + i)]!;
      parts[i] = word;
      mixed = Math.imul(mixed ^ word, 0x9e3779b1);
    }
    const place = (mixed >>> 20) & (TEXTS - 1);
    const from = 5 * place;
    const known = this.#words;
    let text = this.#texts[place]!;
    if (
      text !== '' &&
      known[from] === parts[0] &&
      known[from + 1] === parts[1] &&
      known[from + 2] === parts[2] &&
      known[from + 3] === parts[3] &&
      known[from + 4] === parts[4]
    )
      return text;
    text = putTogether(parts);
    known.set(parts, from);
    this.#texts[place] = text;
    return text;
  }
}
