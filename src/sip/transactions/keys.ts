import type { SipRequest, SipResponse } from '../message.ts';
import { MAGIC_COOKIE } from '../via.ts';

// Keys are joined, not added up: what is added up refers to its parts, and those to the text that they were cut out of, so that a
// key that is kept for 32 s would keep its whole message.

/**
 * The key under which a request finds its server transaction (RFC 3261 section 17.2.3). An ACK has its INVITE's;
 * `method` is given to look for another's, as CANCEL does for its INVITE (section 9.2).
 */
export function serverKey(request: SipRequest, method = request.method): string {
  const { via } = request;
  const matched = method === 'ACK' ? 'INVITE' : method;
  if (via.branch.startsWith(MAGIC_COOKIE) && via.branch.length > MAGIC_COOKIE.length) {
    return [via.branch, via.host, via.port, matched].join('\n');
  }
  // RFC 2543 clients: no unique branch, so what together is unique. The To tag is left out: an ACK has it, its INVITE not.
  const fromTag = request.from.params.get('tag') ?? '';
  return [
    request.uri,
    request.callId,
    fromTag,
    request.cseq.number,
    request.headers.get('via'),
    matched,
  ].join('\n');
}

/** Two requests with the same key here and another server key are one request by two ways (section 8.2.2.2). */
export function mergeKey(request: SipRequest): string {
  return [request.callId, request.from.params.get('tag'), request.cseq.number, request.method].join('\n');
}

/** The key of a client transaction (section 17.1.3). */
export function clientKey(branch: string, method: string): string {
  return `${branch}\n${method}`;
}

/** The client transaction that a response belongs to. */
export function clientKeyOf(response: SipResponse): string {
  return clientKey(response.via.branch, response.cseq.method);
}
