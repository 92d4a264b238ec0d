/**
 * From bytes to a message (RFC 3261 sections 7 and 25), once per packet and so on the hot path: one pass for the end of
 * the head, one decoding, one pass over its lines; then only what every element of the stack needs is read. Nothing
 * throws: a fault says by which name it is counted, and with what status it may be answered.
 */
import { fromUtf8 } from '../base/bytes.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { isToken, parseNumber, splitCommas } from './grammar.ts';
import { canonicalName, Headers, knownName, ONCE } from './headers.ts';
import type { CSeq, SipMessage } from './message.ts';
import { parseAddress } from './name-addr.ts';
import { parseVia } from './via.ts';

export interface ParseLimits {
  /** Whole message, bytes. */
  readonly message: number;
  /** Header lines. */
  readonly headers: number;
  /** One header with its folds, or the start line, in characters. */
  readonly line: number;
}

export const DEFAULT_LIMITS: ParseLimits = { message: 65_535, headers: 128, line: 8192 };

/** Why a message was refused: a name for the counter. */
export type ParseReason =
  | 'empty'
  | 'too-large'
  | 'no-end-of-headers'
  | 'start-line'
  | 'version'
  | 'line-too-long'
  | 'too-many-headers'
  | 'header-syntax'
  | 'missing-header'
  | 'repeated-header'
  | 'bad-via'
  | 'bad-from'
  | 'bad-to'
  | 'bad-call-id'
  | 'bad-cseq'
  | 'cseq-method'
  | 'bad-scalar'
  | 'bad-content-length'
  | 'body-too-short';

export interface ParseFault {
  readonly reason: ParseReason;
  /** What to answer, if it is a request that can be answered at all. */
  readonly status: number;
  /** The request's method, when the start line could be read; empty for a response or for rubbish. */
  readonly method: string;
  /** What was read before the fault. */
  readonly headers: Headers;
}

/** What must stand exactly once. Max-Forwards may miss: RFC 2543 did not know it. */
const NEEDED = ONCE.from | ONCE.to | ONCE['call-id'] | ONCE.cseq;
const NO_BODY = new Uint8Array(0);
const VERSION = ' SIP/2.0';
const END_OF_HEAD = '\r\n\r\n';
const MAX_CSEQ = 2 ** 31 - 1;

/** Reads one message that fills `bytes`: a datagram, or what the stream framer cut out. `text` is what they say, where it is known. */
export function parseMessage(
  bytes: Uint8Array,
  limits: ParseLimits = DEFAULT_LIMITS,
  text?: string,
): Result<SipMessage, ParseFault> {
  const headers = new Headers();
  if (bytes.length > limits.message) return refuse('too-large', 513, '', headers);
  let from = 0;
  while (bytes[from] === 13 && bytes[from + 1] === 10) from += 2;
  if (from === bytes.length) return refuse('empty', 400, '', headers);
  let head = from === 0 && text !== undefined ? text : fromUtf8(bytes.subarray(from));
  // Of plain ASCII, as nearly all messages are, the places in the text are those in the bytes.
  const isAscii = head.length === bytes.length - from;
  const headEnd = isAscii ? head.indexOf(END_OF_HEAD) : endOfHead(bytes, from);
  if (headEnd < 0) return refuse('no-end-of-headers', 400, '', headers);
  if (!isAscii) head = fromUtf8(bytes.subarray(from, headEnd));
  const end = isAscii ? headEnd : head.length;

  const found = endOfLine(head, 0, end);
  const eol = found < 0 ? ~found : found;
  if (eol > limits.line) return refuse('line-too-long', 414, '', headers);
  const start = readStartLine(head.slice(0, eol));
  const method = start.kind === 'request' ? start.method : '';
  const fault = readHeaders(head, eol, end, headers, limits);
  if (fault !== undefined) return refuse(fault, 400, start.kind === 'rubbish' ? '' : method, headers);
  if (start.kind === 'rubbish')
    return refuse(start.reason, start.reason === 'version' ? 505 : 400, start.method, headers);
  return readMessage(start, headers, bytes, (isAscii ? from + headEnd : headEnd) + END_OF_HEAD.length);
}

type StartLine =
  | { kind: 'request'; method: string; uri: string }
  | { kind: 'response'; status: number; phrase: string }
  | { kind: 'rubbish'; reason: 'start-line' | 'version'; method: string };

/** RFC 3261 section 7.1 and 7.2: single spaces, and nothing after the version. */
function readStartLine(line: string): StartLine {
  if (line.startsWith('SIP/')) {
    const status = parseNumber(line.slice(8, 11), 699);
    if (
      !line.startsWith('SIP/2.0 ') ||
      status === undefined ||
      status < 100 ||
      (line.length > 11 && line[11] !== ' ')
    ) {
      return { kind: 'rubbish', reason: 'start-line', method: '' };
    }
    return { kind: 'response', status, phrase: line.slice(12) };
  }
  const isUsual = line.endsWith(VERSION);
  const first = line.indexOf(' ');
  const last = isUsual ? line.length - VERSION.length : line.lastIndexOf(' ');
  const method = first > 0 ? line.slice(0, first) : '';
  if (!isToken(method)) return { kind: 'rubbish', reason: 'start-line', method: '' };
  const uri = line.slice(first + 1, last);
  if (
    last === first ||
    uri === '' ||
    uri.includes(' ') ||
    uri.includes('\t') ||
    (!isUsual && !/^SIP\/\d+\.\d+$/i.test(line.slice(last + 1)))
  ) {
    return { kind: 'rubbish', reason: 'start-line', method };
  }
  if (!isUsual && line.slice(last).toUpperCase() !== VERSION)
    return { kind: 'rubbish', reason: 'version', method };
  return { kind: 'request', method, uri };
}

/** Splits the head, which ends at `end`, into headers; unfolds lines that begin with a blank (section 7.3.1). */
function readHeaders(
  head: string,
  from: number,
  end: number,
  headers: Headers,
  limits: ParseLimits,
): ParseReason | undefined {
  const hasNul = head.includes('\0');
  let at = from + 2;
  while (at < end) {
    let eol = endOfLine(head, at, end);
    // A CR or LF of its own is in hardly any message.
    let suspicious = hasNul || eol < 0;
    if (eol < 0) eol = ~eol;
    const colon = head.indexOf(':', at);
    if (colon <= at || colon > eol) return 'header-syntax';
    let value = trimmed(head, colon + 1, eol);
    let next = eol + 2;
    if (next < end && isBlank(head.charCodeAt(next))) {
      const parts = [value];
      let length = value.length;
      for (; next < end && isBlank(head.charCodeAt(next)) && length <= limits.line; next = eol + 2) {
        eol = endOfLine(head, next, end);
        suspicious ||= eol < 0;
        if (eol < 0) eol = ~eol;
        const part = head.slice(next, eol).trim();
        parts.push(part);
        length += 1 + part.length;
      }
      value = parts.join(' ').trim();
    }
    if (value.length > limits.line) return 'line-too-long';
    // Section 25.1: a NUL only as a quoted pair.
    if (suspicious && /[\r\n]|(?:^|[^\\])\0/.test(value)) return 'header-syntax';
    if (headers.names.length === limits.headers) return 'too-many-headers';
    const known = knownName(head, at, colon);
    if (known !== undefined) headers.add(known.name, value, known.bit);
    else if (!addOther(headers, head.slice(at, colon).trimEnd(), value)) return 'header-syntax';
    at = next;
  }
  return undefined;
}

/** A header in a spelling that is not common; false when its name is no token. */
function addOther(headers: Headers, name: string, value: string): boolean {
  if (!isToken(name)) return false;
  const canonical = canonicalName(name);
  headers.add(canonical, value, knownName(canonical, 0, canonical.length)?.bit);
  return true;
}

/**
 * Where the line at `from` ends: before its CRLF, or with the head at `end`. As `~` of that, which is negative, where a CR without LF,
 * or an LF without CR, stands before it.
 */
function endOfLine(head: string, from: number, end: number): number {
  // One character is looked for faster than two.
  const cr = head.indexOf('\r', from);
  const lf = head.indexOf('\n', from);
  if (cr >= 0 && cr <= end && lf === cr + 1) return cr;
  const eol = head.indexOf('\r\n', from);
  const stop = eol < 0 || eol > end ? end : eol;
  const isBroken = (cr >= 0 && cr < stop) || (lf >= 0 && lf < stop);
  return isBroken ? ~stop : stop;
}

/** As `slice` and `trim` have it, with one string made instead of two. */
function trimmed(head: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(head.charCodeAt(start))) start++;
  while (end > start && isBlank(head.charCodeAt(end - 1))) end--;
  if (start === end) return '';
  const plain = isVisible(head.charCodeAt(start)) && isVisible(head.charCodeAt(end - 1));
  return plain ? head.slice(start, end) : head.slice(start, end).trim();
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

function isVisible(code: number): boolean {
  return code > 32 && code < 127;
}

function readMessage(
  start: Exclude<StartLine, { kind: 'rubbish' }>,
  headers: Headers,
  bytes: Uint8Array,
  bodyAt: number,
): Result<SipMessage, ParseFault> {
  const method = start.kind === 'request' ? start.method : '';
  const bad = (reason: ParseReason) => refuse(reason, 400, method, headers);
  const topVia = headers.get('via');
  if (topVia === undefined) return bad('missing-header');
  if ((headers.seen & NEEDED) !== NEEDED) return bad('missing-header');
  if (headers.repeated !== 0) return bad('repeated-header');
  const via = parseVia(topVia.includes(',') ? splitCommas(topVia)[0]! : topVia);
  if (via === undefined) return bad('bad-via');
  const from = parseAddress(headers.get('from')!);
  if (from === undefined) return bad('bad-from');
  const to = parseAddress(headers.get('to')!);
  if (to === undefined) return bad('bad-to');
  const callId = headers.get('call-id')!;
  if (callId === '' || callId.includes(' ')) return bad('bad-call-id');
  const cseq = parseCSeq(headers.get('cseq')!);
  if (cseq === undefined) return bad('bad-cseq');
  if (start.kind === 'request' && cseq.method !== start.method) return bad('cseq-method');
  const maxForwards = headers.get('max-forwards');
  if (maxForwards !== undefined && parseNumber(maxForwards, 255) === undefined) return bad('bad-scalar');

  let bodyEnd = bytes.length;
  const contentLength = headers.get('content-length');
  if (contentLength !== undefined) {
    const length = parseNumber(contentLength, 2 ** 32);
    if (length === undefined) return bad('bad-content-length');
    // Section 18.3: what follows the body of a datagram is dropped; a body cut short is an error.
    if (bodyAt + length > bytes.length) return bad('body-too-short');
    bodyEnd = bodyAt + length;
  }
  const body = bodyEnd === bodyAt ? NO_BODY : bytes.slice(bodyAt, bodyEnd);
  return ok({ ...start, headers, via, from, to, callId, cseq, body });
}

/** `4711 INVITE`; undefined when malformed or 2^31 and more. */
export function parseCSeq(text: string): CSeq | undefined {
  const space = text.indexOf(' ');
  const blank = space < 0 || text.includes('\t') ? text.search(/[ \t]/) : space;
  if (blank <= 0) return undefined;
  // Leading zeros are allowed, and RFC 4475 (wsinv) sends many.
  const digits = text.slice(0, blank);
  const number = parseNumber(digits.startsWith('0') ? digits.replace(/^0+(?=\d)/, '') : digits, MAX_CSEQ);
  const method = text.slice(blank + 1).trim();
  return number !== undefined && isToken(method) ? { number, method } : undefined;
}

function endOfHead(bytes: Uint8Array, from: number): number {
  for (let i = bytes.indexOf(13, from); i >= 0; i = bytes.indexOf(13, i + 1)) {
    if (bytes[i + 1] === 10 && bytes[i + 2] === 13 && bytes[i + 3] === 10) return i;
  }
  return -1;
}

function refuse(
  reason: ParseReason,
  status: number,
  method: string,
  headers: Headers,
): { ok: false; error: ParseFault } {
  return fail({ reason, status, method, headers });
}
