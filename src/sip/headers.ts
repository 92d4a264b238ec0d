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

/** Spellings that come in nearly every message: one map look-up instead of lower-casing. */
const COMMON = new Map<string, string>();
for (const name of [
  'Via From To Call-ID CSeq Contact Max-Forwards Content-Length Content-Type User-Agent Server Allow Supported Require',
  'Route Record-Route Accept Reason Expires Min-SE Session-Expires Date P-Asserted-Identity Privacy Diversion Subject',
  'Authorization Proxy-Authorization P-Charging-Vector Allow-Events Remote-Party-ID Timestamp Retry-After',
]
  .join(' ')
  .split(' ')) {
  COMMON.set(name, name.toLowerCase());
  COMMON.set(name.toLowerCase(), name.toLowerCase());
}
for (const [short, long] of Object.entries(COMPACT)) {
  COMMON.set(short, long);
  COMMON.set(short.toUpperCase(), long);
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

/** As {@link canonicalName} has it for names in a spelling that is common, which so are tokens for sure; else undefined. */
export function knownName(name: string): string | undefined {
  return COMMON.get(name);
}

/** The headers of a message in their order, names canonical, values unfolded and trimmed. */
export class Headers {
  readonly names: string[] = [];
  readonly values: string[] = [];

  /** `name` must be canonical. */
  add(name: string, value: string): void {
    this.names.push(name);
    this.values.push(value);
  }

  /** The first line's value; `name` canonical. */
  get(name: string): string | undefined {
    const at = this.names.indexOf(name);
    return at < 0 ? undefined : this.values[at];
  }

  /** How many lines carry `name`. */
  count(name: string): number {
    let count = 0;
    for (const each of this.names) if (each === name) count++;
    return count;
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
