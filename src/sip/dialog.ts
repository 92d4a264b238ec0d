/** A dialog as plain data (RFC 3261 section 12), and the requests that go out in it. */
import type { HostPort } from '../base/net.ts';
import type { SipTerms } from './call-terms.ts';
import type { Proof, Provable } from './challenges.ts';
import type { SipCore } from './core.ts';
import { contactValue } from './ids.ts';
import { type HeaderLine, type SipRequest, type SipResponse, safeExtras, writeRequest } from './message.ts';
import { parseAddress } from './name-addr.ts';
import type { ExtraHeaders, Flow, NextHop, SipUri } from './ports.ts';
import { parseUri } from './uri.ts';
import { formatVia } from './via.ts';

export interface Dialog {
  readonly callId: string;
  readonly localTag: string;
  /** Empty towards a client of RFC 2543. */
  readonly remoteTag: string;
  /** Our side as From of our requests, with tag. */
  readonly local: string;
  /** The far side as To of our requests, with tag. */
  readonly remote: string;
  localSeq: number;
  /** Undefined until the far end has sent a request. */
  remoteSeq: number | undefined;
  /** Route elements, raw, in the order in which our requests carry them. */
  readonly routeSet: readonly string[];
  /** The far end's Contact URI. */
  target: string;
  flow: Flow;
  /** Begun with a SIPS URI: our Contact must be one too (section 12.1.1). */
  readonly secure: boolean;
  /** The far end's last Allow; undefined when it has not said what it takes. */
  allowed: readonly string[] | undefined;
  /** Where our requests go when that is not the far end of `flow`. */
  next: HostPort | undefined;
  /** Whom the far end of another connection must prove to be over TLS; undefined: who the target names. */
  readonly name?: string | undefined;
  /** What proves our requests in it to whom it was made with; undefined: nothing. */
  proof: Proof | undefined;
  /** Its own; undefined: the endpoint's. */
  terms?: SipTerms | undefined;
}

/** There are a dozen methods. */
const MAX_METHODS = 32;

/** The dialog that a request makes when we answer it (section 12.1.1). */
export function uasDialog(request: SipRequest, localTag: string, flow: Flow, terms?: SipTerms): Dialog {
  const routeSet = request.headers.all('record-route');
  const contact = contactUri(request);
  // A sent-by that is not the packet's source means a NAT, and then its Contact cannot be reached either.
  const behindNat = request.via.host !== flow.remote.address;
  return {
    callId: request.callId,
    localTag,
    remoteTag: request.from.params.get('tag') ?? '',
    local: `${request.headers.get('to')};tag=${localTag}`,
    remote: request.headers.get('from') ?? '',
    localSeq: 0,
    remoteSeq: request.cseq.number,
    routeSet,
    target: contact ?? request.from.text,
    allowed: allowedBy(request),
    flow,
    secure: (routeSet[0] !== undefined && /^<?\s*sips:/i.test(routeSet[0])) || /^sips:/i.test(request.uri),
    next: behindNat ? undefined : nextHop(routeSet[0], contact, flow),
    proof: undefined,
    terms,
  };
}

/** The dialog that a response to our INVITE makes (section 12.1.2). */
export function uacDialog(
  response: SipResponse,
  localTag: string,
  { flow, name }: DialogWay,
  fallback: string,
): Dialog {
  const routeSet = response.headers.all('record-route').reverse();
  const contact = contactUri(response);
  return {
    callId: response.callId,
    localTag,
    remoteTag: response.to.params.get('tag') ?? '',
    local: response.headers.get('from') ?? '',
    remote: response.headers.get('to') ?? '',
    localSeq: response.cseq.number,
    remoteSeq: undefined,
    routeSet,
    target: contact ?? fallback,
    allowed: allowedBy(response),
    flow,
    secure: /^sips:/i.test(fallback),
    next: nextHop(routeSet[0], contact, flow),
    name,
    proof: undefined,
  };
}

/** The way that a dialog of ours was begun by. */
export interface DialogWay {
  readonly flow: Flow;
  /** Whom its far end has proven to be over TLS. */
  readonly name: string | undefined;
}

/** Our Contact in the dialog, as the far end of `flow` must see it. */
export function ownContact(core: SipCore, dialog: Dialog, flow: Flow): string {
  return contactValue(core.contact(flow), flow, dialog.secure, dialog.terms?.contactUser);
}

/** Takes a new remote target from a re-INVITE, an UPDATE or their 2xx (section 12.2). */
export function refreshTarget(dialog: Dialog, message: SipRequest | SipResponse): void {
  dialog.allowed = allowedBy(message) ?? dialog.allowed;
  const target = contactUri(message);
  if (target === undefined || target === dialog.target) return;
  dialog.target = target;
  if (dialog.next !== undefined && dialog.routeSet.length === 0) {
    dialog.next = nextHop(undefined, target, dialog.flow);
  }
}

/** Undefined when the message does not say what its sender takes. */
function allowedBy({ headers }: SipRequest | SipResponse): readonly string[] | undefined {
  const allow = headers.all('allow');
  if (allow.length > MAX_METHODS) allow.length = MAX_METHODS;
  return allow.length === 0 ? undefined : allow;
}

/** May requests in this dialog come from `flow`? Only from where it was made, or from where our requests go. */
export function isPeer(dialog: Dialog, flow: Flow): boolean {
  const { address } = flow.remote;
  return address === dialog.flow.remote.address || address === dialog.next?.address;
}

/** The first Contact's URI, when it is one of SIP's. */
function contactUri(message: SipRequest | SipResponse): string | undefined {
  const contact = message.headers.first('contact');
  const address = contact === undefined ? undefined : parseAddress(contact);
  return address?.uri === undefined ? undefined : address.text;
}

/**
 * Where requests shall go by the first Route or else the Contact, when that is a literal address. Names stay with the
 * flow: they are looked up elsewhere (RFC 3263). A private address told from a public one is behind a NAT.
 */
function nextHop(route: string | undefined, contact: string | undefined, flow: Flow): HostPort | undefined {
  const uri = whereTo(route, contact);
  if (uri === undefined || !isLiteral(uri.host)) return undefined;
  if (isPrivate(uri.host) && !isPrivate(flow.remote.address)) return undefined;
  return { address: uri.host, port: uri.port ?? defaultPort(flow) };
}

function whereTo(route: string | undefined, contact: string | undefined): SipUri | undefined {
  return parseAddress(route ?? (contact === undefined ? '' : `<${contact}>`))?.uri;
}

function isLiteral(host: string): boolean {
  return /^[\d.]+$|:/.test(host);
}

/** RFC 3261 section 19.1.2. */
function defaultPort({ transport }: Flow): number {
  return transport === 'tls' ? 5061 : 5060;
}

function isPrivate(address: string): boolean {
  return /^(?:0|10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\.|^(?:f[cd]|fe[89ab])|^::1?$/i.test(
    address,
  );
}

/** The way for our next request in the dialog: a closed connection is opened anew. */
export function flowFor(core: SipCore, dialog: Dialog): Flow | undefined {
  const { flow, next } = dialog;
  const { transport } = flow;
  if (transport === 'udp') {
    if (next === undefined || (next.address === flow.remote.address && next.port === flow.remote.port))
      return flow;
    return core.openFlow({ transport, remote: next }) ?? flow;
  }
  if (core.isOpen(flow)) return flow;
  const opened = core.openFlow(wayBack(dialog));
  if (opened !== undefined) dialog.flow = opened;
  return opened;
}

/**
 * Where a new connection leads once that of the dialog has closed. Who came to us by a port of the moment is at home where his target
 * says, at his own address if that is a name; whom we called is where we called him.
 */
function wayBack({ flow, next, name, target, routeSet }: Dialog): NextHop {
  const { transport, remote } = flow;
  const uri = name === undefined ? whereTo(routeSet[0], target) : undefined;
  if (next !== undefined || uri === undefined || isLiteral(uri.host))
    return { transport, remote: next ?? remote, ...(name === undefined ? {} : { name }) };
  const home = { address: remote.address, port: uri.port ?? defaultPort(flow) };
  return { transport, remote: home, name: uri.host };
}

export interface InDialogRequest {
  readonly method: string;
  /** Given for ACK, which has its INVITE's number; otherwise the next one is taken. */
  readonly cseq?: number;
  readonly branch: string;
  readonly headers?: ExtraHeaders | undefined;
  readonly contact?: string;
  readonly contentType?: string | undefined;
  readonly body?: Uint8Array | undefined;
}

/** A request's bytes, with Request-URI and Route as section 12.2.1.1 has them. */
export function buildInDialog(
  core: SipCore,
  dialog: Dialog,
  flow: Flow,
  request: InDialogRequest,
): Uint8Array {
  const { uri, routes } = routing(dialog);
  const cseq = request.cseq ?? ++dialog.localSeq;
  const lines: HeaderLine[] = [['Via', formatVia(flow.transport, core.contact(flow), request.branch)]];
  for (const route of routes) lines.push(['Route', route]);
  lines.push(
    ['Max-Forwards', '70'],
    ['From', dialog.local],
    ['To', dialog.remote],
    ['Call-ID', dialog.callId],
  );
  lines.push(['CSeq', `${cseq} ${request.method}`]);
  if (request.contact !== undefined) lines.push(['Contact', request.contact]);
  lines.push(...safeExtras(request.headers), ['User-Agent', core.userAgent]);
  if (request.body !== undefined && request.body.length > 0) {
    lines.push(['Content-Type', request.contentType ?? 'application/sdp']);
  }
  return writeRequest(request.method, uri, lines, request.body);
}

/** A request as its credentials are made for it. */
export function provable(dialog: Dialog, flow: Flow, method: string, body: Uint8Array | undefined): Provable {
  return { method, uri: routing(dialog).uri, body: body ?? NO_BODY, remote: flow.remote };
}

const NO_BODY = new Uint8Array(0);

/** With a first route that is a strict router (no `lr`), Request-URI and target change places. */
function routing(dialog: Dialog): { uri: string; routes: readonly string[] } {
  const { target, routeSet } = dialog;
  const first = routeSet[0] === undefined ? undefined : parseAddress(routeSet[0]);
  const uri = first === undefined ? undefined : parseUri(first.text);
  if (first === undefined || uri === undefined || !uri.ok || uri.value.params.has('lr')) {
    return { uri: target, routes: routeSet };
  }
  return { uri: first.text, routes: [...routeSet.slice(1), `<${target}>`] };
}
