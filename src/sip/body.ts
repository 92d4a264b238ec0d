/** What a message carries (RFC 3261 section 7.4): SDP alone, or among other parts (RFC 5621 section 3), as with SIP-I or PIDF-LO. */
import { fromUtf8, utf8 } from '../base/bytes.ts';
import { parseParams } from './grammar.ts';
import { canonicalName, type Headers } from './headers.ts';

const SDP = 'application/sdp';
const MULTIPART = 'multipart/';

/** Parts that are looked at, and how deep they may stand in each other: what is beyond is passed over. */
const MAX_PARTS = 16;
const MAX_DEPTH = 3;
/** Bytes of one part's headers. */
const MAX_HEAD = 4096;

/** A message, as far as its body goes. */
export interface Bodied {
  readonly headers: Pick<Headers, 'get'>;
  readonly body: Uint8Array;
}

/** Why a body cannot be taken: of another type than SDP, or in an encoding. */
export type BodyFault = 'type' | 'encoding';

/** Content-Type in lower case without parameters; empty when there is none. */
export function mediaType(message: Pick<Bodied, 'headers'>): string {
  const value = message.headers.get('content-type') ?? '';
  const semicolon = value.indexOf(';');
  return (semicolon < 0 ? value : value.slice(0, semicolon)).trim().toLowerCase();
}

/** The SDP that a message carries, the first if there are several; undefined when it carries none. */
export function sdpOf(message: Bodied): Uint8Array | undefined {
  if (message.body.length === 0) return undefined;
  const type = mediaType(message);
  if (type === SDP) return message.body;
  if (!type.startsWith(MULTIPART)) return undefined;
  return leaves(message)?.find((part) => mediaType(part) === SDP)?.body;
}

/**
 * Why a request must be refused with 415 (RFC 3261 section 8.2.3). A body of another type does no harm when it says that it is optional;
 * beside SDP, when it does not say that it is required.
 */
export function bodyFault(message: Bodied): BodyFault | undefined {
  if (message.body.length === 0) return undefined;
  const type = mediaType(message);
  if (type === SDP) return isEncoded(message) ? 'encoding' : undefined;
  if (!type.startsWith(MULTIPART)) return handling(message) === 'optional' ? undefined : 'type';
  const parts = leaves(message);
  if (parts === undefined) return 'type';
  if (parts.some((part) => mediaType(part) === SDP && isEncoded(part))) return 'encoding';
  return parts.some((part) => mediaType(part) !== SDP && handling(part) === 'required') ? 'type' : undefined;
}

function isEncoded({ headers }: Bodied): boolean {
  const encoding = headers.get('content-encoding');
  return encoding !== undefined && encoding.toLowerCase() !== 'identity';
}

/** RFC 3261 section 20.11; undefined when nothing is said. */
function handling({ headers }: Bodied): string | undefined {
  return paramOf(headers.get('content-disposition'), 'handling')?.toLowerCase();
}

function paramOf(value: string | undefined, name: string): string | undefined {
  const semicolon = value?.indexOf(';') ?? -1;
  return value === undefined || semicolon < 0 ? undefined : parseParams(value, semicolon)?.get(name);
}

/** The parts that have none themselves, in their order; undefined when the body is not what it says. */
function leaves(message: Bodied): Bodied[] | undefined {
  const found: Bodied[] = [];
  return collect(message, found, 0) ? found : undefined;
}

function collect(message: Bodied, into: Bodied[], depth: number): boolean {
  const boundary = paramOf(message.headers.get('content-type'), 'boundary');
  // RFC 2046 section 5.1.1.
  if (boundary === undefined || boundary.length > 70) return false;
  const parts = split(message.body, utf8(`--${boundary}`));
  for (const bytes of parts) {
    const part = readPart(bytes);
    if (!mediaType(part).startsWith(MULTIPART)) into.push(part);
    else if (depth + 1 < MAX_DEPTH) collect(part, into, depth + 1);
    if (into.length >= MAX_PARTS) break;
  }
  return parts.length > 0;
}

const CR = 13;
const LF = 10;
const DASH = 45;

/** What stands between lines that are `delimiter` (RFC 2046 section 5.1.1). */
function split(body: Uint8Array, delimiter: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let from: number | undefined;
  for (let at = body.indexOf(DASH); at >= 0; at = body.indexOf(DASH, at + 1)) {
    if (!startsLine(body, at) || !stands(body, at, delimiter)) continue;
    const after = at + delimiter.length;
    const closes = body[after] === DASH && body[after + 1] === DASH;
    const content = closes ? after : endOfDelimiter(body, after);
    if (content < 0) continue;
    if (from !== undefined) parts.push(body.subarray(from, Math.max(from, at - 2)));
    if (closes || parts.length === MAX_PARTS) return parts;
    from = content;
    at = content - 1;
  }
  // Nobody closed it: what Content-Length holds is all of it.
  if (from !== undefined) parts.push(body.subarray(from));
  return parts;
}

function startsLine(body: Uint8Array, at: number): boolean {
  return at === 0 || (body[at - 2] === CR && body[at - 1] === LF);
}

function stands(body: Uint8Array, at: number, delimiter: Uint8Array): boolean {
  for (let i = 0; i < delimiter.length; i++) if (body[at + i] !== delimiter[i]) return false;
  return true;
}

/** Behind the line's end; -1 when the line is another, which only begins so. */
function endOfDelimiter(body: Uint8Array, from: number): number {
  let at = from;
  while (body[at] === 32 || body[at] === 9) at++;
  return body[at] === CR && body[at + 1] === LF ? at + 2 : -1;
}

function readPart(bytes: Uint8Array): Bodied {
  if (bytes[0] === CR && bytes[1] === LF) return partOf('', bytes.subarray(2));
  for (let i = bytes.indexOf(CR); i >= 0 && i < MAX_HEAD; i = bytes.indexOf(CR, i + 1)) {
    if (bytes[i + 1] === LF && bytes[i + 2] === CR && bytes[i + 3] === LF)
      return partOf(fromUtf8(bytes.subarray(0, i)), bytes.subarray(i + 4));
  }
  return partOf(fromUtf8(bytes.subarray(0, MAX_HEAD)), new Uint8Array(0));
}

function partOf(head: string, body: Uint8Array): Bodied {
  const fields = new Map<string, string>();
  for (const line of head.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(canonicalName(line.slice(0, colon).trim()), line.slice(colon + 1).trim());
  }
  return { headers: fields, body };
}
