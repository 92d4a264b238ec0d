/**
 * The port of a SIP engine: what `call/` sees of SIP. The embedded engine (`sip/endpoint.ts`) implements it, drachtio
 * can. No promise: whatever comes later comes as a method of a handler. Handlers are set when the thing they handle
 * is handed over, so that no event is lost.
 */
import type { HostPort } from '../base/net.ts';

export type SipTransport = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

/** The way on which a message came, and on which answers go back. */
export interface Flow {
  readonly transport: SipTransport;
  readonly local: HostPort;
  /** Where the packet really came from: never a header's word. */
  readonly remote: HostPort;
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

/** A request as the application sees it. */
export interface SipRequestInfo {
  readonly method: string;
  readonly uri: SipUri;
  readonly from: NameAddr;
  readonly to: NameAddr;
  readonly callId: string;
  readonly flow: Flow;
  /** First value of a header, long or compact name, any case. */
  header(name: string): string | undefined;
  headers(name: string): readonly string[];
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
  /** A final failure response to our INVITE. */
  | {
      readonly by: 'rejected';
      readonly status: number;
      readonly phrase: string;
      readonly reason: string | undefined;
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
  /** INFO, REFER, NOTIFY, MESSAGE in the dialog: the status to answer with. */
  requested(request: SipRequestInfo): number;
  ended(end: SipEnd): void;
}

/** What the owner of an outgoing INVITE hears besides. */
export interface OutgoingHandler extends CallHandler {
  /** A provisional response from 180 to 199; `sdp` when it carried one. */
  progressed(status: number, sdp: Uint8Array | undefined): void;
  /** The 2xx came and was acknowledged. */
  answered(sdp: Uint8Array | undefined): void;
}

export interface OfferSettlement {
  accept(sdp: Uint8Array): void;
  reject(status: number): void;
}

/** An INVITE that waits for our final answer. 100 has gone already. */
export interface IncomingInvite {
  readonly request: SipRequestInfo;
  /** The offer; undefined means that our 200 must carry one. */
  readonly offer: Uint8Array | undefined;
  /** Must be set before the invite handler returns. */
  handler: CallHandler;
  /** 180, or 183 with `sdp`. */
  progress(status: number, sdp?: Uint8Array): void;
  /** 200 with `sdp`, resent until the ACK comes (RFC 3261 section 13.3.1.4). */
  accept(sdp: Uint8Array, headers?: ExtraHeaders): SipCall;
  /** A final 3xx to 6xx. */
  reject(status: number, headers?: ExtraHeaders): void;
}

/** An established dialog. */
export interface SipCall {
  readonly callId: string;
  /** Sends BYE (after the ACK where RFC 3261 section 15 asks for it). `handler.ended` is not called. */
  bye(headers?: ExtraHeaders): void;
  /** A request in the dialog, such as INFO; `onFinal` gets the final status, 408 when none came. */
  request(method: string, contentType: string, body: Uint8Array, onFinal: (status: number) => void): void;
}

/** An INVITE of ours that is under way. */
export interface OutgoingInvite {
  readonly callId: string;
  /** CANCEL as soon as that is allowed; ACK and BYE when a 2xx crosses it. */
  cancel(): void;
  /** BYE, once answered. */
  bye(headers?: ExtraHeaders): void;
  request(method: string, contentType: string, body: Uint8Array, onFinal: (status: number) => void): void;
}

export interface OutgoingOptions {
  /** Request-URI. */
  readonly to: string;
  /** From URI with optional display name, as it shall stand in the header without tag. */
  readonly from: string;
  /** Where the request is sent. */
  readonly next: { readonly transport: 'udp' | 'tcp'; readonly remote: HostPort };
  readonly sdp: Uint8Array;
  readonly headers?: ExtraHeaders;
}

/**
 * Decides by the packet's source alone, before anything is parsed beyond the start line and nothing is kept:
 * `ignore` = no reply whatsoever.
 */
export type Admission = (flow: Flow) => 'admit' | 'ignore';

export interface SipEngine {
  /** An initial INVITE out of an admitted source. */
  onInvite: (invite: IncomingInvite) => void;
  invite(options: OutgoingOptions, handler: OutgoingHandler): OutgoingInvite;
  /** What is alive: for the gauges and for the tests' last question, is anything left. */
  gauges(): { readonly calls: number; readonly transactions: number; readonly connections: number };
}
