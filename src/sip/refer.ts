/** What a REFER says (RFC 3515 section 2.1, RFC 3892 section 3): where to, in whose place, and by whom. */
import { fail, ok, type Result } from '../base/result.ts';
import { parseAddress } from './name-addr.ts';
import type { SipRequestInfo, SipUri } from './ports.ts';
import { formatReplaces, parseReplaces, type Replaces } from './replaces.ts';
import { parseUri } from './uri.ts';

/** A REFER that was read. */
export interface Referral {
  readonly target: SipUri;
  /** The dialog whose place the new call shall take: an attended transfer (RFC 5589 section 7). */
  readonly replaces: Replaces | undefined;
  /** As it stood, to be carried on in the new INVITE. */
  readonly referredBy: string | undefined;
}

/** Headers in a Refer-To URI beyond this number are an attack, not a transfer. */
const MAX_HEADERS = 16;

/**
 * Reads a REFER. The error is the status to refuse it with: 400 for a Refer-To that is missing, doubled or malformed (RFC 3515
 * section 2.4.2), 416 for a URI of a scheme that is none of ours, 603 for a method other than INVITE.
 */
export function readReferral(request: SipRequestInfo): Result<Referral, 400 | 416 | 603> {
  const values = request.headers('refer-to');
  const address = values.length === 1 ? parseAddress(values[0]!) : undefined;
  if (address === undefined) return fail(400);
  const uri = parseUri(address.text);
  if (!uri.ok) return fail(uri.error === 'scheme' ? 416 : 400);
  const method = uri.value.params.get('method');
  if (method !== undefined && method.toUpperCase() !== 'INVITE') return fail(603);
  const headers = uriHeaders(uri.value.headers);
  if (headers === undefined) return fail(400);
  const named = headers.filter(([name]) => name === 'replaces');
  const replaces = named.length === 1 ? parseReplaces(named[0]![1]) : undefined;
  if (named.length > 0 && replaces === undefined) return fail(400);
  const by = request.headers('referred-by');
  if (by.length > 1 || (by[0] !== undefined && parseAddress(by[0]) === undefined)) return fail(400);
  const { headers: _, ...target } = uri.value;
  return ok({ target, replaces, referredBy: by[0] });
}

/** Whether a REFER asks for no NOTIFYs, `Refer-Sub: false` (RFC 4488 section 4): our 202 says the same then. */
export function wantsNoNotify(request: { header(name: string): string | undefined }): boolean {
  return isFalse(request.header('refer-sub'));
}

/** Whether a Refer-Sub says that there is no subscription. */
export function isFalse(referSub: string | undefined): boolean {
  return /^\s*false\s*(?:;|$)/i.test(referSub ?? '');
}

/** A Refer-To value; `uri` is of our own making or was read with `parseUri`. */
export function formatReferTo(uri: string, replaces?: Replaces): string {
  if (replaces === undefined) return `<${uri}>`;
  const mark = uri.includes('?') ? '&' : '?';
  return `<${uri}${mark}Replaces=${escapeHeader(formatReplaces(replaces))}>`;
}

/** `name=value` pairs behind a URI's `?` (RFC 3261 section 19.1.1), names in lower case; undefined when they are malformed. */
function uriHeaders(text: string): (readonly [string, string])[] | undefined {
  if (text === '') return [];
  const parts = text.split('&');
  if (parts.length > MAX_HEADERS) return undefined;
  const headers: (readonly [string, string])[] = [];
  for (const part of parts) {
    const equals = part.indexOf('=');
    const name = unescaped(equals < 0 ? part : part.slice(0, equals));
    const value = equals < 0 ? '' : unescaped(part.slice(equals + 1));
    if (name === undefined || name === '' || value === undefined) return undefined;
    headers.push([name.toLowerCase(), value]);
  }
  return headers;
}

/** Everything but RFC 2396's unreserved characters is escaped: `;`, `=` and `@` end something in some parser. */
function escapeHeader(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function unescaped(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
