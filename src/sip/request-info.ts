import { mediaType } from './body.ts';
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

/** All that the Reason headers say (RFC 3326), in one line: there may be one value for each protocol. */
export function reasonOf(headers: SipRequest['headers']): string | undefined {
  const lines = headers.lines('reason');
  return lines.length === 0 ? undefined : lines.join(', ');
}

/** A message's headers as the application reads them. */
export function headerReader(headers: SipRequest['headers']): HeaderReader {
  return { headers: (name) => headers.all(canonicalName(name)), headerNames: headers.names };
}
