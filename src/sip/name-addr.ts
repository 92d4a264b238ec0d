import { parseParams, quote, quotedEnd, skipBlank, unquote } from './grammar.ts';
import type { NameAddr, SipUri } from './ports.ts';
import { formatUri, parseUri } from './uri.ts';

/** A From, To, Contact, Route or the like (RFC 3261 section 20.10). */
export interface Address {
  readonly display: string;
  /** The URI as it stood, without angle brackets. */
  readonly text: string;
  /** Undefined when it is well formed but of a scheme that is none of ours. */
  readonly uri: SipUri | undefined;
  /** The header's parameters, `tag` among them; not the URI's. */
  readonly params: ReadonlyMap<string, string>;
}

/** What stands for an address whose URI we cannot read: RFC 3323 section 4.1.1.3's anonymous host. */
const UNREADABLE: SipUri = {
  scheme: 'sip',
  user: '',
  host: 'anonymous.invalid',
  port: undefined,
  params: new Map(),
};

/** Reads one `name-addr` or `addr-spec` with its header parameters; undefined when it is malformed. */
export function parseAddress(text: string): Address | undefined {
  let i = skipBlank(text, 0);
  let display = '';
  let open: number;
  if (text.charCodeAt(i) === 34) {
    const end = quotedEnd(text, i);
    if (end < 0) return undefined;
    display = unquote(text.slice(i, end));
    open = skipBlank(text, end);
    if (text.charCodeAt(open) !== 60) return undefined;
  } else {
    open = text.indexOf('<', i);
    if (open < 0) return parseAddrSpec(text, i);
    display = text.slice(i, open).trim();
    if (display !== '' && /[",;:<>]/.test(display)) return undefined;
  }
  const close = text.indexOf('>', open);
  if (close < 0) return undefined;
  i = close + 1;
  const params = parseParams(text, i);
  return params && withUri(display, text.slice(open + 1, close), params);
}

/** Without angle brackets, what follows `;` is the header's, and `?` and `,` may not come (RFC 3261 section 20). */
function parseAddrSpec(text: string, from: number): Address | undefined {
  const semicolon = text.indexOf(';', from);
  const end = semicolon < 0 ? text.length : semicolon;
  const spec = text.slice(from, end).trim();
  if (/[?,]/.test(spec)) return undefined;
  const params = parseParams(text, end);
  return params && withUri('', spec, params);
}

function withUri(display: string, text: string, params: ReadonlyMap<string, string>): Address | undefined {
  const uri = parseUri(text);
  if (!uri.ok && uri.error === 'syntax') return undefined;
  return { display, text, uri: uri.ok ? uri.value : undefined, params };
}

/** As the application sees it. */
export function toNameAddr(address: Address): NameAddr {
  return { display: address.display, uri: address.uri ?? UNREADABLE, params: address.params };
}

/** Writes a name-addr without header parameters. */
export function formatNameAddr(display: string, uri: SipUri): string {
  return `${display === '' ? '' : `${quote(display)} `}<${formatUri(uri)}>`;
}
