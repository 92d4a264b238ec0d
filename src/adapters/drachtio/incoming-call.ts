/** An initial INVITE that came through the drachtio server, until its final answer; then its dialog goes on. */

import { sdpOf } from '../../sip/body.ts';
import type { SipRequest } from '../../sip/message.ts';
import { NO_HANDLER } from '../../sip/no-handler.ts';
import type {
  Authenticator,
  CallHandler,
  ExtraHeaders,
  IncomingInvite,
  SipCall,
  SipEnd,
  SipRequestInfo,
  SipUri,
} from '../../sip/ports.ts';
import { reasonOf, requestInfo } from '../../sip/request-info.ts';
import { ALLOW, CAPABILITIES } from '../../sip/screening.ts';
import type { DrachtioCore, EarlyCall } from './core.ts';
import { DrachtioDialog } from './dialog.ts';
import { readRequest, readResponse } from './messages.ts';
import type { ServedRequest } from './srf.ts';

interface Answer {
  readonly sdp: Uint8Array;
  readonly headers: ExtraHeaders | undefined;
}

export class IncomingCall implements IncomingInvite, EarlyCall {
  readonly request: SipRequestInfo;
  readonly offer: Uint8Array | undefined;
  handler: CallHandler = NO_HANDLER;
  readonly session: DrachtioDialog;
  /** Who sent the INVITE and which one it is: the same by another way is merged (RFC 3261 section 8.2.2.2). */
  readonly mergeKey: string;
  readonly #core: DrachtioCore;
  readonly #served: ServedRequest;
  readonly #invite: SipRequest;
  #open = true;
  #responded = false;
  /** A reliable provisional response that waits for its PRACK; its SDP, if it had any. */
  #reliable: { readonly sdp: Uint8Array | undefined } | undefined;
  /** A 2xx that waits for a PRACK (RFC 3262 section 3). */
  #held: Answer | undefined;
  #queued: { readonly status: number; readonly sdp: Uint8Array | undefined }[] = [];

  constructor(core: DrachtioCore, served: ServedRequest, invite: SipRequest, uri: SipUri) {
    this.#core = core;
    this.#served = served;
    this.#invite = invite;
    this.mergeKey = mergeKeyOf(invite);
    this.request = requestInfo(invite, uri, served.flow);
    this.offer = sdpOf(invite);
    this.session = new DrachtioDialog(core, invite.callId, served.flow, 'uas', {
      handler: () => this.handler,
      pracked: (request, message) => this.#pracked(request, message),
      closed: () => this.#over(),
    });
    this.session.farEnd.heard(invite);
    core.early.set(invite.callId, this);
    served.onCancel((text) => {
      const cancel = readRequest(text);
      this.#fail({ by: 'cancel', reason: cancel && reasonOf(cancel.headers) });
    });
  }

  get authenticator(): Authenticator | undefined {
    return this.session.proof?.authenticator;
  }

  set authenticator(authenticator: Authenticator | undefined) {
    this.session.proof = this.#core.proofFor(authenticator, this.#served.flow);
  }

  /** Did the application take the call, one way or the other? */
  get taken(): boolean {
    return this.handler !== NO_HANDLER || !this.#open;
  }

  /**
   * Says 100 when nothing else was said: the server has told the caller by itself, but forgets what its application has not answered in
   * four seconds.
   */
  claim(): void {
    if (!this.#responded && this.#open) this.#served.respond(100);
    this.#responded = true;
  }

  progress(status: number, sdp?: Uint8Array): void {
    if (!this.#open || status <= 100 || status >= 200) return;
    const required = this.#names('require');
    const reliable = required || (sdp !== undefined && this.#names('supported'));
    // RFC 3261 section 13.2.1: an offer of ours goes out reliably or not at all.
    if (!reliable) this.#provisional(status, this.offer === undefined ? undefined : sdp, 'unreliably');
    else if (this.#reliable !== undefined) this.#queued.push({ status, sdp });
    else if (this.offer === undefined && sdp === undefined && this.session.offers.initial === 'theirs') {
      // RFC 3262 section 5: the first reliable response to an INVITE without an offer must carry one.
      if (!required) this.#provisional(status, undefined, 'unreliably');
    } else this.#sendReliably(status, sdp);
  }

  /** After a CANCEL has come first, the answer goes nowhere and the call that is returned is dead. */
  accept(sdp: Uint8Array, headers?: ExtraHeaders): SipCall {
    if (this.#open && this.#held === undefined) {
      if (this.#reliable?.sdp !== undefined) this.#held = { sdp, headers };
      else this.#answer({ sdp, headers });
    }
    return this.session;
  }

  reject(status: number, headers: ExtraHeaders = []): void {
    if (!this.#open || status < 300 || status > 699) return;
    this.#open = false;
    this.#served.respond(status, { headers: [...headers, this.#server()] });
    this.session.close();
  }

  lost(detail: string): void {
    this.#fail({ by: 'transport', detail });
  }

  #answer({ sdp, headers = [] }: Answer): void {
    this.#open = false;
    this.#core.early.delete(this.#invite.callId);
    // RFC 6337 section 2.2: what was agreed on in the early dialog stands; SDP in the 2xx would be another offer.
    const agreed = this.session.offers.initial === 'done';
    const session = this.session.terms.serve(this.#invite);
    this.session.established();
    this.session.offers.answered(this.#invite.cseq.number, this.offer === undefined && !agreed);
    const all = [...CAPABILITIES, ...session, ...headers, this.#server()];
    this.#served.respond(200, { headers: all, body: agreed ? undefined : sdp }, (sent) => {
      const response = sent === undefined ? undefined : readResponse(sent.text);
      if (response !== undefined) this.session.farEnd.made(response, 'us');
      if (sent !== undefined) this.session.named(sent.dialogId);
      else this.session.end({ by: 'transport', detail: 'the answer could not be sent' });
    });
  }

  #sendReliably(status: number, sdp: Uint8Array | undefined): void {
    const { offers } = this.session;
    if (sdp !== undefined && this.offer === undefined) offers.initial = 'ours';
    this.#reliable = { sdp };
    this.#provisional(status, sdp, 'reliably');
  }

  #provisional(status: number, sdp: Uint8Array | undefined, how: 'reliably' | 'unreliably'): void {
    this.#responded = true;
    const headers: ExtraHeaders = [
      ['Allow', ALLOW],
      ...(how === 'reliably' ? ([['Require', '100rel']] as const) : []),
      this.#server(),
    ];
    this.#served.respond(status, { headers, body: sdp }, (sent) => {
      if (how === 'reliably' && sent !== undefined) this.session.named(sent.dialogId);
    });
  }

  /** RFC 3262 section 5: a PRACK carries the answer to an offer of ours, or a new offer once ours is answered. */
  #pracked(request: ServedRequest, prack: SipRequest): void {
    const acknowledged = this.#reliable;
    if (acknowledged === undefined) {
      request.respond(481);
      return;
    }
    this.#reliable = undefined;
    const { offers } = this.session;
    const sdp = sdpOf(prack);
    const answers = acknowledged.sdp !== undefined && offers.initial === 'ours';
    if (acknowledged.sdp !== undefined) offers.initial = 'done';
    const info = requestInfo(prack, this.request.uri, request.flow);
    if (sdp !== undefined && !answers) offers.came(request, prack, info);
    else {
      request.respond(200);
      if (answers) this.#core.guard(() => this.handler.earlyAnswer?.(sdp));
    }
    offers.proceed();
    const held = this.#held;
    const next = this.#queued.shift();
    if (held !== undefined && this.#open) {
      this.#held = undefined;
      this.#answer(held);
    } else if (next !== undefined && this.#open) this.#sendReliably(next.status, next.sdp);
  }

  #names(header: 'require' | 'supported'): boolean {
    return this.#invite.headers.all(header).some((tag) => tag.toLowerCase() === '100rel');
  }

  #server(): readonly [string, string] {
    return ['Server', this.#core.userAgent];
  }

  #fail(end: SipEnd): void {
    if (!this.#open) return;
    this.#open = false;
    this.session.close();
    this.#core.guard(() => this.handler.ended(end));
  }

  #over(): void {
    if (this.#core.early.get(this.#invite.callId) === this) this.#core.early.delete(this.#invite.callId);
  }
}

/** What is the same in the same INVITE by two ways. */
export function mergeKeyOf(invite: SipRequest): string {
  return `${invite.from.params.get('tag')} ${invite.cseq.number}`;
}
