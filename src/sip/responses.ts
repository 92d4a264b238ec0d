import type { ByteSlab } from '../base/bytes.ts';
import type { Headers } from './headers.ts';
import { extraLines, writeResponse } from './message.ts';
import type { ExtraHeaders, Flow } from './ports.ts';
import { viaLinesForResponse } from './via.ts';

/** What a response carries besides what it must. */
export interface ResponseParts {
  readonly headers?: ExtraHeaders | undefined;
  /** Contact value; its presence says that the response makes or refreshes a dialog. */
  readonly contact?: string | undefined;
  readonly body?: Uint8Array | undefined;
  /** `application/sdp` when not given. */
  readonly contentType?: string | undefined;
}

/** How long, in seconds, who met overload or a shutdown shall go elsewhere (section 21.5.4): short, for it may be over by then. */
export const RETRY_LATER: ExtraHeaders = [['Retry-After', '5']];

/**
 * A response to the request with `headers` (RFC 3261 section 8.2.6.2), whose topmost Via says where it really came
 * from. Takes raw headers so that even a request that could not be read to its end can be answered.
 */
export function buildResponse(
  headers: Headers,
  flow: Flow,
  userAgent: string,
  status: number,
  parts: ResponseParts & {
    /** Our tag, put on a To that has none. */
    readonly toTag?: string | undefined;
  } = {},
): Uint8Array {
  // A 100 has no tag of ours: nothing is answered yet (section 8.2.6.2).
  const echo = echoOf(headers, flow, status > 100 ? parts.toTag : undefined);
  return writeAnswer(status, echo, userAgent, headers, parts);
}

/** The lines of every response that repeat the request's, `toTag` put on a To that has none. */
export function echoOf(headers: Headers, flow: Flow, toTag: string | undefined): string {
  let echo = '';
  for (const via of viaLinesForResponse(headers.lines('via'), flow.remote)) echo += `Via: ${via}\r\n`;
  const to = headers.get('to') ?? '';
  const tag = toTag !== undefined && !hasTag(to) ? `;tag=${toTag}` : '';
  return (
    echo +
    `From: ${headers.get('from') ?? ''}\r\nTo: ${to}${tag}\r\n` +
    `Call-ID: ${headers.get('call-id') ?? ''}\r\nCSeq: ${headers.get('cseq') ?? ''}\r\n`
  );
}

/** A response of {@link echoOf} and what is its own, into `slab`. */
export function writeAnswer(
  status: number,
  echo: string,
  userAgent: string,
  headers: Headers,
  parts: ResponseParts,
  slab?: ByteSlab,
): Uint8Array {
  let lines = echo;
  if (status === 100) {
    // Section 8.2.6.1: the Timestamp must be given back.
    const timestamp = headers.get('timestamp');
    if (timestamp !== undefined) lines += `Timestamp: ${timestamp}\r\n`;
  }
  if (parts.contact !== undefined) {
    // Section 12.1.1: all Record-Route values, in their order.
    for (const route of headers.lines('record-route')) lines += `Record-Route: ${route}\r\n`;
    lines += `Contact: ${parts.contact}\r\n`;
  }
  lines += `${extraLines(parts.headers)}Server: ${userAgent}\r\n`;
  if (parts.body !== undefined && parts.body.length > 0) {
    lines += `Content-Type: ${parts.contentType ?? 'application/sdp'}\r\n`;
  }
  return writeResponse(status, lines, parts.body, slab);
}

function hasTag(to: string): boolean {
  return !to.endsWith('>') && /;\s*tag\s*=/i.test(to.slice(to.lastIndexOf('>') + 1));
}

/** A To tag that depends on the request alone, for answers that keep no state (section 8.2.7). */
export function statelessTag(headers: Headers): string {
  let hash = 0x811c9dc5;
  const seed = `${headers.get('via')}${headers.get('call-id')}${headers.get('cseq')}`;
  for (let i = 0; i < seed.length; i++) hash = Math.imul(hash ^ seed.charCodeAt(i), 0x01000193) >>> 0;
  return `s${hash.toString(16)}`;
}
