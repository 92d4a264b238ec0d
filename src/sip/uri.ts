import { fromUtf8 } from '../base/bytes.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { NO_PARAMS, parseNumber } from './grammar.ts';
import type { SipUri } from './ports.ts';

/** A URI with what the application does not see. */
export interface ParsedUri extends SipUri {
  /** What stood behind `?`, raw: not allowed in a Request-URI (RFC 3261 section 19.1.1). */
  readonly headers: string;
}

/** `scheme`: well formed, but none of sip, sips, tel (416). `syntax`: not a URI (400). */
export type UriFault = 'scheme' | 'syntax';

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/;
const IPV6 = /^[0-9A-Fa-f:.]{2,45}$/;
const TEL = /^\+?[0-9A-Fa-f*#.()-]+$/;

/** Takes a SIP, SIPS or tel URI apart (RFC 3261 section 19.1, RFC 3966). No white space, no angle brackets. */
export function parseUri(text: string): Result<ParsedUri, UriFault> {
  const colon = text.indexOf(':');
  if (colon <= 0 || !isPlain(text)) return fail('syntax');
  if (colon === 3 && text.startsWith('sip')) return parseSip('sip', text, 4);
  if (!SCHEME.test(text.slice(0, colon))) return fail('syntax');
  const scheme = text.slice(0, colon).toLowerCase();
  if (scheme === 'sip' || scheme === 'sips') return parseSip(scheme, text, colon + 1);
  return scheme === 'tel' ? parseTel(text.slice(colon + 1)) : fail('scheme');
}

/** Neither blanks nor controls, quotes or angle brackets. */
function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 32 || code === 127 || code === 34 || code === 60 || code === 62) return false;
  }
  return true;
}

/** From `from` on, behind the scheme's colon. */
function parseSip(scheme: 'sip' | 'sips', text: string, from: number): Result<ParsedUri, UriFault> {
  const at = text.indexOf('@', from);
  if (at >= 0 && text.indexOf('@', at + 1) >= 0) return fail('syntax');
  let user = '';
  if (at >= 0) {
    const userInfo = text.slice(from, at);
    const password = userInfo.indexOf(':');
    const unescaped = unescapeUri(password < 0 ? userInfo : userInfo.slice(0, password));
    if (unescaped === undefined) return fail('syntax');
    user = unescaped;
  }
  const host = at < 0 ? from : at + 1;
  const question = text.indexOf('?', host);
  const end = question < 0 ? text.length : question;
  const semicolon = text.indexOf(';', host);
  const hasParams = semicolon >= 0 && semicolon < end;
  const hostPort = parseHostPort(text.slice(host, hasParams ? semicolon : end));
  if (hostPort === undefined) return fail('syntax');
  const params = hasParams ? parseUriParams(text.slice(semicolon + 1, end)) : NO_PARAMS;
  if (params === undefined) return fail('syntax');
  const headers = question < 0 ? '' : text.slice(question + 1);
  return ok({ scheme, user, host: hostPort.host, port: hostPort.port, params, headers });
}

function parseTel(rest: string): Result<ParsedUri, UriFault> {
  const semicolon = rest.indexOf(';');
  const user = semicolon < 0 ? rest : rest.slice(0, semicolon);
  const params = semicolon < 0 ? NO_PARAMS : parseUriParams(rest.slice(semicolon + 1));
  if (!TEL.test(user) || params === undefined) return fail('syntax');
  return ok({ scheme: 'tel', user, host: '', port: undefined, params, headers: '' });
}

/**
 * `host[:port]` with an IPv6 literal in brackets, which the result's `host` has not. Undefined when it is neither a
 * name nor an address, or the port is out of range.
 */
export function parseHostPort(text: string): { host: string; port: number | undefined } | undefined {
  const isLiteral = text.charCodeAt(0) === BRACKET;
  const end = isLiteral ? text.indexOf(']') + 1 : text.indexOf(':');
  if (isLiteral && end === 0) return undefined;
  const hasPort = isLiteral ? end < text.length : end >= 0;
  let port: number | undefined;
  if (hasPort) {
    port = text.charCodeAt(end) === COLON ? parseNumber(text.slice(end + 1), 65_535) : undefined;
    if (port === undefined || port === 0) return undefined;
  }
  if (isLiteral) {
    const host = text.slice(1, end - 1);
    return IPV6.test(host) ? { host, port } : undefined;
  }
  const host = hasPort ? text.slice(0, end) : text;
  return isHostName(host) ? { host, port } : undefined;
}

const COLON = 58;
const BRACKET = 91;
const HYPHEN = 45;
const DOT = 46;

/** Letters, digits, `_`, and behind the first dots and hyphens; no hyphen at the end. IPv4 addresses are such names too. */
function isHostName(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const isWord =
      (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code === 95;
    if (isWord || (i > 0 && (code === DOT || (code === HYPHEN && i < text.length - 1)))) continue;
    return false;
  }
  return text !== '';
}

function parseUriParams(text: string): Map<string, string> | undefined {
  const params = new Map<string, string>();
  for (const part of text.split(';')) {
    const equals = part.indexOf('=');
    const name = unescapeUri(equals < 0 ? part : part.slice(0, equals));
    const value = equals < 0 ? '' : unescapeUri(part.slice(equals + 1));
    if (name === undefined || name === '' || value === undefined) return undefined;
    const key = name.toLowerCase();
    if (params.has(key)) return undefined;
    params.set(key, value);
  }
  return params;
}

/** `%41` to `A`, over UTF-8; undefined when a percent sign does not start an escape. */
function unescapeUri(text: string): string | undefined {
  if (!text.includes('%')) return text;
  let out = '';
  for (let i = 0; i < text.length; ) {
    const percent = text.indexOf('%', i);
    if (percent < 0) return out + text.slice(i);
    out += text.slice(i, percent);
    const bytes: number[] = [];
    for (i = percent; text[i] === '%'; i += 3) {
      const digits = text.slice(i + 1, i + 3);
      if (!/^[0-9A-Fa-f]{2}$/.test(digits)) return undefined;
      bytes.push(Number.parseInt(digits, 16));
    }
    out += fromUtf8(Uint8Array.from(bytes));
  }
  return out;
}

/** Writes a URI, with what must be escaped in the user part escaped. */
export function formatUri(uri: SipUri): string {
  let text = `${uri.scheme}:`;
  if (uri.scheme === 'tel') text += uri.user;
  else {
    if (uri.user !== '') text += escapeWith(uri.user, /[A-Za-z0-9\-_.!~*'()&=+$,;?/]/) + '@';
    text += uri.host.includes(':') ? `[${uri.host}]` : uri.host;
    if (uri.port !== undefined) text += `:${uri.port}`;
  }
  for (const [name, value] of uri.params) {
    const allowed = /[A-Za-z0-9\-_.!~*'()[\]/:&+$]/;
    text += `;${escapeWith(name, allowed)}` + (value === '' ? '' : `=${escapeWith(value, allowed)}`);
  }
  return text;
}

function escapeWith(text: string, allowed: RegExp): string {
  let out = '';
  for (const character of text) {
    out += allowed.test(character) ? character : escapeCharacter(character);
  }
  return out;
}

function escapeCharacter(character: string): string {
  const point = character.codePointAt(0) ?? 0;
  // A lone surrogate has no UTF-8 form and would make encodeURIComponent throw.
  const safe = point >= 0xd800 && point <= 0xdfff ? '\ufffd' : character;
  return encodeURIComponent(safe).replace(
    /^([^%])$/,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
