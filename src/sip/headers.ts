import { splitCommas } from './grammar.ts';

/** Compact forms (RFC 3261 section 7.3.3 and the RFCs that registered more), to full names in lower case. */
const COMPACT: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  n: 'identity-info',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
};

/** Headers that may stand but once in a message: a bit for each. */
export const ONCE = {
  from: 1,
  to: 2,
  'call-id': 4,
  cseq: 8,
  'content-length': 16,
  'max-forwards': 32,
  'content-type': 64,
  expires: 128,
} as const;

/** A header in one of the spellings in which nearly every message has it. */
export interface KnownName {
  readonly spelling: string;
  /** Full form, lower case. */
  readonly name: string;
  /** Of {@link ONCE}; 0: it may stand more often. */
  readonly bit: number;
}

/** One map look-up instead of lower-casing. */
const COMMON = new Map<string, string>();
/** The same by length and first letter, for what has not been cut out of its text. */
const BY_SHAPE: KnownName[][] = Array.from({ length: 32 * 32 }, () => []);

function shape(length: number, first: number): number {
  return (length << 5) | (first & 31);
}

function addCommon(spelling: string, name: string): void {
  COMMON.set(spelling, name);
  const bit = name in ONCE ? ONCE[name as keyof typeof ONCE] : 0;
  BY_SHAPE[shape(spelling.length, spelling.charCodeAt(0))]?.push({ spelling, name, bit });
}

for (const name of [
  'Via From To Call-ID CSeq Contact Max-Forwards Content-Length Content-Type User-Agent Server Allow Supported Require',
  'Route Record-Route Accept Reason Expires Min-SE Session-Expires Date P-Asserted-Identity Privacy Diversion Subject',
  'Authorization Proxy-Authorization P-Charging-Vector Allow-Events Remote-Party-ID Timestamp Retry-After',
]
  .join(' ')
  .split(' ')) {
  addCommon(name, name.toLowerCase());
  addCommon(name.toLowerCase(), name.toLowerCase());
}
for (const [short, long] of Object.entries(COMPACT)) {
  addCommon(short, long);
  addCommon(short.toUpperCase(), long);
}

/** Headers whose value is a comma list, so that one line with commas is the same as many lines. */
const LISTS = new Set([
  ...['via', 'route', 'record-route', 'contact', 'path', 'service-route', 'p-asserted-identity', 'diversion'],
  ...['history-info', 'allow', 'supported', 'require', 'proxy-require', 'unsupported', 'accept', 'reason'],
  ...[
    'accept-encoding',
    'accept-language',
    'content-encoding',
    'content-language',
    'call-info',
    'allow-events',
  ],
]);

/** The one name under which a header is kept: full form, lower case. */
export function canonicalName(name: string): string {
  return COMMON.get(name) ?? name.toLowerCase();
}

/** The name that stands from `from` to `to`, when it is in a spelling that is common, which so is a token for sure. */
export function knownName(text: string, from: number, to: number): KnownName | undefined {
  const alike = BY_SHAPE[shape(to - from, text.charCodeAt(from))];
  if (alike === undefined) return undefined;
  for (const known of alike) if (text.startsWith(known.spelling, from)) return known;
  return undefined;
}

/** The headers of a message in their order, names canonical, values unfolded and trimmed. */
export class Headers {
  readonly names: string[] = [];
  readonly values: string[] = [];

  /** Which of {@link ONCE} there are, and which came again: as far as they were added with their bit. */
  seen = 0;
  repeated = 0;

  /** `name` must be canonical; `bit` is that of {@link ONCE}. */
  add(name: string, value: string, bit = 0): void {
    this.repeated |= this.seen & bit;
    this.seen |= bit;
    this.names.push(name);
    this.values.push(value);
  }

  /** The first line's value; `name` canonical. */
  get(name: string): string | undefined {
    const { names } = this;
    for (let i = 0; i < names.length; i++) if (names[i] === name) return this.values[i];
    return undefined;
  }

  /** Every line's value as it stood; `name` canonical. */
  lines(name: string): string[] {
    const found: string[] = [];
    for (let i = 0; i < this.names.length; i++) if (this.names[i] === name) found.push(this.values[i]!);
    return found;
  }

  /** Every element: lines of list headers are split at their commas; `name` canonical. */
  all(name: string): string[] {
    const isList = LISTS.has(name);
    const found: string[] = [];
    for (let i = 0; i < this.names.length; i++) {
      if (this.names[i] !== name) continue;
      const value = this.values[i]!;
      if (!isList) found.push(value);
      else if (!value.includes(',')) {
        if (value !== '') found.push(value);
      } else for (const element of splitCommas(value)) if (element !== '') found.push(element);
    }
    return found;
  }

  /** The first of {@link all}; undefined when there is none. */
  first(name: string): string | undefined {
    const value = this.get(name);
    if (value === undefined || !LISTS.has(name) || (value !== '' && !value.includes(','))) return value;
    return this.all(name)[0];
  }
}
