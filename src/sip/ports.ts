/**
 * The port of a SIP engine: what `call/` sees of SIP. The embedded engine (`sip/endpoint.ts`) implements it, and
 * drachtio (`adapters/drachtio/engine.ts`). No promise: whatever comes later comes as a method of a handler. Handlers are set when the thing they handle
 * is handed over, so that no event is lost.
 */
import type { HostPort } from '../base/net.ts';
import type { SipTerms } from './call-terms.ts';

export type SipTransport = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

/** The way on which a message came, and on which answers go back. */
export interface Flow {
  readonly transport: SipTransport;
  readonly local: HostPort;
  /** Where the packet really came from: never a header's word. */
  readonly remote: HostPort;
}

/** Where a request goes: the result of RFC 3263, or a literal address. */
export interface NextHop {
  readonly transport: SipTransport;
  readonly remote: HostPort;
  /** Over TLS the domain that the certificate must speak for (RFC 5922 section 4); absent: the address. */
  readonly name?: string;
}

/** A SIP or tel URI taken apart (RFC 3261 section 19.1). `user` is unescaped. */
export interface SipUri {
  readonly scheme: 'sip' | 'sips' | 'tel';
  readonly user: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly params: ReadonlyMap<string, string>;
}

/** `From`, `To`, `Contact`: a URI with a display name; `tag` and others are in `params`. */
export interface NameAddr {
  readonly display: string;
  readonly uri: SipUri;
  readonly params: ReadonlyMap<string, string>;
}

/** What may be read of a message's headers. */
export interface HeaderReader {
  /** Names of all header lines, in their order; lower case, full form. */
  readonly headerNames: readonly string[];
  /** Every value of a header, long or compact name, any case. */
  headers(name: string): readonly string[];
}

/** A request as the application sees it. */
export interface SipRequestInfo extends HeaderReader {
  readonly method: string;
  readonly uri: SipUri;
  readonly from: NameAddr;
  readonly to: NameAddr;
  readonly callId: string;
  readonly flow: Flow;
  /** First value of a header, long or compact name, any case. */
  header(name: string): string | undefined;
  readonly body: Uint8Array;
  /** `Content-Type` in lower case without parameters, or empty. */
  readonly contentType: string;
}

/** Extra headers of a message that we send, as `[name, value]`. */
export type ExtraHeaders = readonly (readonly [string, string])[];

/** Why a call ended, as the SIP side saw it. */
export type SipEnd =
  /** BYE from the far end. */
  | { readonly by: 'bye'; readonly reason: string | undefined }
  /** CANCEL from the far end before our answer. */
  | { readonly by: 'cancel'; readonly reason: string | undefined }
  /** Our 2xx was never acknowledged (RFC 3261 section 13.3.1.4); a BYE was sent. */
  | { readonly by: 'ack-timeout' }
  /** Nobody refreshed the session in time (RFC 4028 section 10); a BYE was sent. */
  | { readonly by: 'session-expired' }
  /** A final failure response to our INVITE. */
  | {
      readonly by: 'rejected';
      readonly status: number;
      readonly phrase: string;
      readonly reason: string | undefined;
      /** Values of the Contact headers of a redirection (3xx). */
      readonly contacts?: readonly string[];
    }
  /** Nobody answered our INVITE: timer B, or the transport failed. */
  | { readonly by: 'timeout' }
  | { readonly by: 'transport'; readonly detail: string };

/** What an INVITE's owner hears until the call is over. Every call gets `ended` exactly once, whoever ended it but us. */
export interface CallHandler {
  /** The ACK of our 2xx came; `answer` is its SDP when the offer was ours (late offer). */
  confirmed(answer: Uint8Array | undefined): void;
  /** A re-INVITE or UPDATE; must be settled by one call of `settle.accept` or `settle.reject`, now or later. */
  reoffered(request: SipRequestInfo, offer: Uint8Array | undefined, settle: OfferSettlement): void;
  /** A PRACK brought the answer to the offer that went out with {@link IncomingInvite.progress} (RFC 3262 section 5). */
  earlyAnswer?(answer: Uint8Array | undefined): void;
  /**
   * What stands for our side now, for a refresh of the session by re-INVITE (RFC 4028 section 7.4), towards a far end that
   * does not know UPDATE. Undefined: nothing can be offered at the moment.
   */
  refreshOffer?(): ReofferHandler | undefined;
  /**
   * INFO, REFER, NOTIFY, MESSAGE in the dialog: the status to answer with. The engine adds the headers that the status asks for
   * (`answerHeaders` in `sip/screening.ts`). What shall follow, such as the NOTIFY after a 202, is sent once it has returned.
   */
  requested(request: SipRequestInfo): number;
  ended(end: SipEnd): void;
}

/** What the owner of an outgoing INVITE hears besides. */
export interface OutgoingHandler extends CallHandler {
  /** A provisional response, 100 too: somebody works on it. */
  trying?(): void;
  /** A provisional response from 180 to 199; `sdp` when it carried one. */
  progressed(status: number, sdp: Uint8Array | undefined, response?: HeaderReader): void;
  /** The 2xx came and was acknowledged. */
  answered(sdp: Uint8Array | undefined, response?: HeaderReader): void;
}

/** An offer of ours in a dialog. Ends with one call of `accepted` or `refused`. */
export interface ReofferHandler {
  /** Its SDP, asked for at the moment of sending: other offers may have come and gone. Undefined: it is given up. */
  offer(): Uint8Array | undefined;
  /** It met glare and is forgotten, for now: theirs goes first, and `offer` will be asked again. */
  postponed(): void;
  /** The far end took it; `answer` undefined when its 2xx carried none. */
  accepted(answer: Uint8Array | undefined): void;
  /** Refused for good: the call is as it was. With 408 and 481 `ended` follows. */
  refused(status: number): void;
}

/** The request that carries an offer: UPDATE is for early dialogs, and for who must have an answer at once. */
export type ReofferMethod = 'INVITE' | 'UPDATE';

export interface OfferSettlement {
  accept(sdp: Uint8Array): void;
  reject(status: number): void;
}

/** An INVITE that waits for our final answer. 100 goes out when nothing else was said by the time that the handler returns. */
export interface IncomingInvite {
  readonly request: SipRequestInfo;
  /** The offer; undefined means that our 200 must carry one. */
  readonly offer: Uint8Array | undefined;
  /** Must be set before the invite handler returns. */
  handler: CallHandler;
  /** Proves our requests in the dialog to whom the INVITE came from, if he should ask. */
  authenticator?: Authenticator | undefined;
  /**
   * 180, or 183 with `sdp`: the answer to the offer, or an offer when the INVITE had none. Sent reliably where the caller
   * requires it, or supports it and is given SDP (RFC 3262 section 3).
   */
  progress(status: number, sdp?: Uint8Array): void;
  /** 200 with `sdp`, resent until the ACK comes (RFC 3261 section 13.3.1.4). */
  accept(sdp: Uint8Array, headers?: ExtraHeaders): SipCall;
  /** A final 3xx to 6xx. */
  reject(status: number, headers?: ExtraHeaders): void;
}

/** How a dialog is called by others: in Replaces, Refer-To, Referred-By. */
export interface DialogNames {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** The far end's Contact: a request to it reaches who is in this dialog. */
  readonly target: string;
  /** URIs of From and To, as our requests have them. */
  readonly localUri: string;
  readonly remoteUri: string;
}

/** More of a request in a dialog. */
export interface InDialogOptions {
  readonly headers?: ExtraHeaders | undefined;
  /** Hears the CSeq number of each sending: the `id` of a REFER's subscription. An engine that does not know it tells none. */
  readonly sent?: ((cseq: number) => void) | undefined;
}

/** Hears the final status, 408 when none came; `header` gives the first value of the response's headers, where there is one. */
export type OnFinal = (status: number, header?: (name: string) => string | undefined) => void;

/** An established dialog. */
export interface SipCall {
  readonly callId: string;
  /** Undefined before there is one, and where the engine does not tell. */
  readonly dialog?: DialogNames | undefined;
  /** Does the far end's Allow name `method`? Undefined when it has sent none. */
  allows?(method: string): boolean | undefined;
  /** Sends BYE (after the ACK where RFC 3261 section 15 asks for it). `handler.ended` is not called. */
  bye(headers?: ExtraHeaders): void;
  /** A request in the dialog, such as INFO or REFER. */
  request(
    method: string,
    contentType: string,
    body: Uint8Array,
    onFinal: OnFinal,
    options?: InDialogOptions,
  ): void;
  /** Makes an offer when no other is open; after glare again, at the times of RFC 3261 section 14.1. */
  reoffer(handler: ReofferHandler, method?: ReofferMethod): void;
}

/** An INVITE of ours: under way, and once answered its dialog. */
export interface OutgoingInvite extends SipCall {
  /** CANCEL as soon as that is allowed; ACK and BYE when a 2xx crosses it. */
  cancel(): void;
}

/** A request of ours that was answered 401 or 407, for whoever holds credentials. */
export interface Challenged {
  readonly status: 401 | 407;
  readonly method: string;
  /** The Request-URI as it stands in the request. */
  readonly uri: string;
  readonly body: Uint8Array;
  /** How often this request was sent before in answer to a challenge of that status. */
  readonly tries: number;
  /** Values of WWW-Authenticate (401) or Proxy-Authenticate (407), in their order. */
  readonly challenges: readonly string[];
  /** Where the request went. */
  readonly remote: HostPort;
}

/** Holds credentials of ours. */
export interface Authenticator {
  /** All headers with which a challenged request is sent once more; undefined lets the failure stand. */
  authenticate(challenged: Challenged): ExtraHeaders | undefined;
  /** Headers for a request that nobody has challenged yet, by what is known of `remote`: none before its first challenge. */
  headers(request: Pick<Challenged, 'method' | 'uri' | 'body' | 'remote'>): ExtraHeaders;
  /**
   * `remote` accepted our credentials: what it says about the next ones in the lines of Authentication-Info (401) or
   * Proxy-Authentication-Info (407).
   */
  accepted?(remote: HostPort, status: 401 | 407, info: readonly string[]): void;
}

export interface OutgoingOptions {
  /** Request-URI. */
  readonly to: string;
  /** From URI with optional display name, as it shall stand in the header without tag. */
  readonly from: string;
  /** Where the request is sent. */
  readonly next: NextHop;
  readonly sdp: Uint8Array;
  readonly headers?: ExtraHeaders;
  /** The call's own terms; undefined: the engine's. drachtio keeps to its own in any case. */
  readonly terms?: SipTerms | undefined;
  /** Asked for the INVITE, for all requests in its dialog, and at each 401 and 407 (RFC 3261 section 22.2). */
  readonly authenticate?: Authenticator | undefined;
}

/** A request outside of any dialog that makes none: REGISTER, OPTIONS. */
export interface LoneRequest {
  readonly method: string;
  /** Request-URI. */
  readonly uri: string;
  /** From and To as they shall stand, From without tag. */
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly cseq: number;
  readonly next: { readonly transport: SipTransport; readonly remote: HostPort };
  /** User part of a Contact of ours with which the request is sent; undefined: none. */
  readonly contactUser?: string | undefined;
  /** Parameters of that Contact, such as `;expires=3600`. */
  readonly contactParams?: string | undefined;
  readonly headers?: ExtraHeaders;
}

/** What came of a {@link LoneRequest}. `status` 0: nothing came, `why` says what was in the way. */
export interface LoneOutcome {
  readonly status: number;
  readonly why: 'response' | 'timeout' | 'transport-error';
  /** The Contact that the request carried, URI only; empty when it had none. */
  readonly contact: string;
  /** Values of a response's header. */
  headers(name: string): readonly string[];
}

/**
 * A last word before anything is kept of a new INVITE: undefined lets it in, else it is answered so, statelessly
 * (RFC 3261 section 8.2.7). For challenges (section 22.1).
 */
export type Authorize = (
  request: SipRequestInfo,
) => { readonly status: number; readonly headers: ExtraHeaders } | undefined;

/** The terms of a new INVITE, asked for when it has been let in; undefined: the engine's. */
export type TermsOf = (request: SipRequestInfo) => SipTerms | undefined;

/**
 * Decides by the packet's source alone, before anything is parsed beyond the start line and nothing is kept:
 * `ignore` = no reply whatsoever.
 */
export type Admission = (flow: Flow) => 'admit' | 'ignore';

export interface SipEngine {
  /** An initial INVITE out of an admitted source. */
  onInvite: (invite: IncomingInvite) => void;
  invite(options: OutgoingOptions, handler: OutgoingHandler): OutgoingInvite;
  /** Sends a request outside of any dialog; `onFinal` is called exactly once, later. */
  request(request: LoneRequest, onFinal: (outcome: LoneOutcome) => void): void;
  /** What is alive: for the gauges and for the tests' last question, is anything left. */
  gauges(): { readonly calls: number; readonly transactions: number; readonly connections: number };
}
