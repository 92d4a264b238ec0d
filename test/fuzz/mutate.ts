import { concat, utf8 } from '../../src/base/bytes.ts';
import type { SeededRandom } from '../support/lossy-net.ts';

/** Texts on which parsers have stumbled. */
const WORDS = [
  ...[
    '\r\n',
    '\r\n\r\n',
    '\r\n ',
    '\n',
    '\0',
    ' ',
    '\t',
    ',',
    ';',
    '"',
    '\\',
    '<',
    '>',
    '@',
    ':',
    '%00',
    '%',
    '=',
    '[',
    ']',
  ],
  ...[
    '-1',
    '0',
    '1',
    '255',
    '65535',
    '65536',
    '4294967295',
    '4294967296',
    '99999999999999999999',
    '1e9',
    'NaN',
    '\u00e4\u20ac',
  ],
  ...[
    'SIP/2.0',
    'sip:',
    'sips:',
    'tel:',
    ';tag=',
    ';branch=z9hG4bK',
    ';lr',
    ';rport',
    'z9hG4bK',
    'm=audio 1 RTP/AVP 0\r\n',
  ],
  ...[
    'Require: 100rel\r\n',
    'Content-Length: 0\r\n',
    'Route: <sip:a;lr>\r\n',
    'Contact: *\r\n',
    'Replaces: a;to-tag=b;from-tag=c\r\n',
  ],
  ...[
    '__proto__',
    'constructor',
    'Digest nonce="',
    'a=rtpmap:',
    'a=fmtp:',
    'c=IN IP4 ',
    'a=inactive\r\n',
    '\ud800',
  ],
].map(utf8);
const NUMBERS = [
  '0',
  '1',
  '2',
  '101',
  '255',
  '256',
  '5060',
  '65535',
  '65536',
  '2147483647',
  '4294967296',
  '00',
  '',
].map(utf8);
const EDGES = [0, 1, 2, 4, 0x1f, 0x7f, 0x80, 0xfe, 0xff];
const LONGEST = 70_000;

function below(random: SeededRandom, limit: number): number {
  return limit <= 0 ? 0 : random.u32() % limit;
}

/** One of `all`. */
export function pick<T>(random: SeededRandom, all: readonly T[]): T {
  return all[below(random, all.length)]!;
}

/** `bytes` changed in one place, more seldom in up to six; now and then crossed with another of `corpus`. */
export function mutate(random: SeededRandom, bytes: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
  let result: Uint8Array = bytes.slice();
  for (let left = 1 + below(random, 1 + below(random, 6)); left > 0; left--)
    result = change(random, result, corpus);
  return result.length > LONGEST ? result.slice(0, LONGEST) : result;
}

function change(random: SeededRandom, bytes: Uint8Array, corpus: readonly Uint8Array[]): Uint8Array {
  const at = below(random, bytes.length + 1);
  const length = below(random, 1 << (1 + below(random, 8)));
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (below(random, 16)) {
    case 0:
      if (at < bytes.length) bytes[at] = bytes[at]! ^ (1 << below(random, 8));
      return bytes;
    case 1:
      if (at < bytes.length) bytes[at] = pick(random, EDGES);
      return bytes;
    case 2:
      return concat([before, pick(random, WORDS), after]);
    case 3:
      return concat([before, after.subarray(length)]);
    case 4:
      return concat([before, after.subarray(0, length), after]);
    case 5:
      return concat([before, random.bytes(Math.min(length, 16)), after]);
    case 6:
      return bytes.slice(0, at);
    case 7:
    case 8:
    case 9:
      return anotherNumber(random, bytes, at);
    case 10: {
      const other = pick(random, corpus);
      return concat([before, other.subarray(below(random, other.length + 1))]);
    }
    case 11:
      return concat([before, pick(random, WORDS), after.subarray(length)]);
    default: {
      // A whole line twice, or a line gone.
      const end = bytes.indexOf(10, at);
      if (end < 0) return bytes;
      const next = bytes.indexOf(10, end + 1);
      const line = bytes.subarray(end + 1, next < 0 ? bytes.length : next + 1);
      if (below(random, 2) === 0) return concat([bytes.subarray(0, end + 1), line, bytes.subarray(end + 1)]);
      return concat([bytes.subarray(0, end + 1), next < 0 ? new Uint8Array(0) : bytes.subarray(next + 1)]);
    }
  }
}

/** The number behind `at` made another. */
function anotherNumber(random: SeededRandom, bytes: Uint8Array, at: number): Uint8Array {
  let from = at;
  while (from < bytes.length && !isDigit(bytes[from]!)) from++;
  let end = from;
  while (end < bytes.length && isDigit(bytes[end]!)) end++;
  return concat([bytes.subarray(0, from), pick(random, NUMBERS), bytes.subarray(end)]);
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}
