import { ByteSlab } from '../base/bytes.ts';
import { hasControl } from './grammar.ts';
import type { Headers } from './headers.ts';
import type { Address } from './name-addr.ts';
import type { ExtraHeaders } from './ports.ts';
import { reasonPhrase } from './status.ts';
import type { Via } from './via.ts';

/** What requests and responses have in common: the headers that every message must carry, read. */
interface MessageBase {
  readonly headers: Headers;
  /** The topmost Via element. */
  readonly via: Via;
  readonly from: Address;
  readonly to: Address;
  readonly callId: string;
  readonly cseq: CSeq;
  /** The receiver's own: copied out of the datagram. */
  readonly body: Uint8Array;
}

export interface CSeq {
  /** Below 2^31 (RFC 3261 section 8.1.1.5). */
  readonly number: number;
  readonly method: string;
}

export interface SipRequest extends MessageBase {
  readonly kind: 'request';
  /** Case-sensitive, any token. */
  readonly method: string;
  /** The Request-URI as it stood. */
  readonly uri: string;
}

export interface SipResponse extends MessageBase {
  readonly kind: 'response';
  /** 100 to 699. */
  readonly status: number;
  readonly phrase: string;
}

export type SipMessage = SipRequest | SipResponse;

/** What is sent is kept until it is answered or acknowledged, or not at all. */
const slab = new ByteSlab(32_768);

/** A line of a message to be written. */
export type HeaderLine = readonly [name: string, value: string];

/** A request's bytes. Content-Length is added; the caller gives every other header. */
export function writeRequest(
  method: string,
  uri: string,
  headers: readonly HeaderLine[],
  body?: Uint8Array,
): Uint8Array {
  return write(`${method} ${uri} SIP/2.0\r\n`, headers, body);
}

/** A response's bytes. `lines` are whole header lines; Content-Length is added. */
export function writeResponse(
  status: number,
  lines: string,
  body: Uint8Array | undefined,
  into: ByteSlab = slab,
): Uint8Array {
  const head = `SIP/2.0 ${status} ${reasonPhrase(status)}\r\n${lines}Content-Length: ${body?.length ?? 0}\r\n\r\n`;
  return into.write(head, body);
}

function write(start: string, headers: readonly HeaderLine[], body: Uint8Array | undefined): Uint8Array {
  let head = start;
  for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
  return slab.write(`${head}Content-Length: ${body?.length ?? 0}\r\n\r\n`, body);
}

/** Extra headers of the application, without those that could break out of their line or name. */
export function safeExtras(extras: ExtraHeaders | undefined): ExtraHeaders {
  return extras?.filter(isSafe) ?? [];
}

/** Of headers that many messages have alike, their lines: there are a handful of them. */
const fixed = new Map<HeaderLine, string>();

/** A header for many messages, looked at and written once. For what stands in the code, not for what a call brings. */
export function fixedHeader(name: string, value: string): HeaderLine {
  const header = [name, value] as const;
  fixed.set(header, extraLines([header]));
  return header;
}

/** {@link safeExtras} as whole lines. */
export function extraLines(extras: ExtraHeaders | undefined): string {
  let lines = '';
  if (extras === undefined) return lines;
  for (const extra of extras)
    lines += fixed.get(extra) ?? (isSafe(extra) ? `${extra[0]}: ${extra[1]}\r\n` : '');
  return lines;
}

function isSafe([name, value]: HeaderLine): boolean {
  return /^[A-Za-z0-9-]+$/.test(name) && !hasControl(value);
}
