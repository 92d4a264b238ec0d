import { canonicalName } from './headers.ts';
import type { SipRequest } from './message.ts';
import { toNameAddr } from './name-addr.ts';
import type { Flow, HeaderReader, SipRequestInfo, SipUri } from './ports.ts';

/** A request as the application sees it. `uri` is its Request-URI, read. */
export function requestInfo(request: SipRequest, uri: SipUri, flow: Flow): SipRequestInfo {
  return new ReadRequest(request, uri, flow);
}

/** What few ask for is made when they ask. */
class ReadRequest implements SipRequestInfo {
  readonly uri: SipUri;
  readonly flow: Flow;
  readonly from: SipRequestInfo['from'];
  readonly to: SipRequestInfo['to'];
  readonly #request: SipRequest;

  constructor(request: SipRequest, uri: SipUri, flow: Flow) {
    this.#request = request;
    this.uri = uri;
    this.flow = flow;
    this.from = toNameAddr(request.from);
    this.to = toNameAddr(request.to);
  }

  get method(): string {
    return this.#request.method;
  }

  get callId(): string {
    return this.#request.callId;
  }

  get body(): Uint8Array {
    return this.#request.body;
  }

  get contentType(): string {
    return mediaType(this.#request);
  }

  get headerNames(): readonly string[] {
    return this.#request.headers.names;
  }

  header(name: string): string | undefined {
    return this.#request.headers.first(canonicalName(name));
  }

  headers(name: string): string[] {
    return this.#request.headers.all(canonicalName(name));
  }
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
