import { canonicalName } from './headers.ts';
import type { SipRequest } from './message.ts';
import { toNameAddr } from './name-addr.ts';
import type { Flow, HeaderReader, SipRequestInfo, SipUri } from './ports.ts';

/** A request as the application sees it. `uri` is its Request-URI, read. */
export function requestInfo(request: SipRequest, uri: SipUri, flow: Flow): SipRequestInfo {
  const { headers } = request;
  return {
    method: request.method,
    uri,
    from: toNameAddr(request.from),
    to: toNameAddr(request.to),
    callId: request.callId,
    flow,
    header: (name) => headers.all(canonicalName(name))[0],
    ...headerReader(headers),
    body: request.body,
    contentType: mediaType(request),
  };
}

/** A message's headers as the application reads them. */
export function headerReader(headers: SipRequest['headers']): HeaderReader {
  return { headers: (name) => headers.all(canonicalName(name)), headerNames: headers.names };
}

/** Content-Type in lower case without parameters; empty when there is none. */
export function mediaType(message: { readonly headers: SipRequest['headers'] }): string {
  const value = message.headers.get('content-type') ?? '';
  const semicolon = value.indexOf(';');
  return (semicolon < 0 ? value : value.slice(0, semicolon)).trim().toLowerCase();
}

/** The SDP that a message carries; undefined when it carries none. */
export function sdpOf(message: {
  readonly headers: SipRequest['headers'];
  readonly body: Uint8Array;
}): Uint8Array | undefined {
  return message.body.length > 0 && mediaType(message) === 'application/sdp' ? message.body : undefined;
}
