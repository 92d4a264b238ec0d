/**
 * Offers in one dialog, theirs and ours (RFC 3261 section 14, RFC 3311 section 5): one at a time, glare told by 491 and 500. drachtio passes all
 * of them on as they come, so that whose turn it is must be kept here.
 */

import { sdpOf } from '../../sip/body.ts';
import type { SipRequest } from '../../sip/message.ts';
import { OwnOffers, type OwnOffersHost } from '../../sip/own-offers.ts';
import type {
  CallHandler,
  OfferSettlement,
  ReofferHandler,
  ReofferMethod,
  SipRequestInfo,
} from '../../sip/ports.ts';
import { CAPABILITIES, screenOffer } from '../../sip/screening.ts';
import { tooShort } from '../../sip/session-timer.ts';
import type { DrachtioCore } from './core.ts';
import type { SessionTerms } from './session-terms.ts';
import type { ServedRequest } from './srf.ts';

export interface OfferTurnsHost extends Pick<OwnOffersHost, 'caller' | 'send' | 'lost'> {
  readonly core: DrachtioCore;
  readonly terms: SessionTerms;
  handler(): CallHandler;
  /** The server's name for the dialog; undefined: requests cannot be sent yet. */
  dialogId(): string | undefined;
}

export class OfferTurns {
  /** Where the offer/answer of the initial INVITE stands: their offer is unanswered, ours is, or it is done. */
  initial: 'theirs' | 'ours' | 'done';
  confirmed: boolean;
  readonly #host: OfferTurnsHost;
  readonly #core: DrachtioCore;
  /** Our 2xx that wait for an ACK, by number; the value: they carried an offer. */
  readonly #unacknowledged = new Map<number, boolean>();
  #pending: OfferSettlement | undefined;
  /** Most calls never make one. */
  #ours: OwnOffers | undefined;

  constructor(host: OfferTurnsHost, initial: 'theirs' | 'ours') {
    this.#host = host;
    this.#core = host.core;
    this.initial = initial;
    this.confirmed = false;
  }

  get unacknowledged(): number {
    return this.#unacknowledged.size;
  }

  /** A 2xx of ours to an INVITE goes out. */
  answered(cseq: number, offered: boolean): void {
    this.confirmed = true;
    this.initial = 'done';
    this.#unacknowledged.set(cseq, offered);
  }

  /** Whether the 2xx that this ACK is for carried an offer; undefined when none waited for it. */
  acknowledged(cseq: number): boolean | undefined {
    const offered = this.#unacknowledged.get(cseq);
    this.#unacknowledged.delete(cseq);
    return offered;
  }

  /** A re-INVITE or UPDATE came. */
  came(request: ServedRequest, message: SipRequest, info: SipRequestInfo): void {
    const refused = screenOffer(message);
    const short = tooShort(message, this.#core.session);
    const offer = sdpOf(message);
    if (refused !== undefined) request.respond(refused.error.status, { headers: refused.error.headers });
    else if (short !== undefined) request.respond(422, { headers: short });
    else if (message.method === 'UPDATE' && offer === undefined) this.#answerUpdate(request, message);
    else if (this.#pending !== undefined || this.initial === 'theirs') {
      // Section 14.2: one at a time; RFC 3311 section 5.2 says the same of UPDATE.
      request.respond(500, { headers: [['Retry-After', String(this.#core.random.u32() % 11)]] });
    } else if (this.#open(message.method)) {
      // Our own offer is not answered yet: glare.
      request.respond(491);
    } else this.#pass(request, message, info, offer);
  }

  /** Sends an offer of ours as soon as none is open. */
  reoffer(handler: ReofferHandler, method: ReofferMethod): void {
    this.#ours ??= this.#ownOffers();
    this.#ours.reoffer(handler, method);
  }

  /** No ACK will come for what waits for one. */
  forgetAcks(): void {
    this.#unacknowledged.clear();
  }

  /** The dialog ends: what waits is given up. */
  stop(): void {
    this.#unacknowledged.clear();
    this.#ours?.stop();
    // Section 15.1.2: requests that wait for an answer are ended with 487.
    this.#pending?.reject(487);
  }

  /** Sends what waits, if nothing is in its way any more. */
  proceed(): void {
    this.#ours?.proceed();
  }

  #ownOffers(): OwnOffers {
    const host = this.#host;
    return new OwnOffers({
      ...{ core: host.core, caller: host.caller },
      mayOffer: (method) => this.#mayOffer(method),
      send: (method, sdp, onFinal) => host.send(method, sdp, onFinal),
      accepted: (response) => host.terms.answered(response),
      mayTryAgain: () => false,
      lost: (status, method) => host.lost(status, method),
    });
  }

  #mayOffer(method: ReofferMethod): boolean {
    if (this.#pending !== undefined || this.initial !== 'done' || this.#open(method)) return false;
    if (this.#host.dialogId() === undefined) return false;
    // Section 14.1: no re-INVITE while any INVITE is under way in either direction.
    return method !== 'INVITE' || (this.confirmed && this.#unacknowledged.size === 0);
  }

  #open(method: string): boolean {
    if (this.initial === 'ours' || this.#ours?.isUnderWay === true) return true;
    for (const offered of this.#unacknowledged.values()) if (offered) return true;
    return method === 'INVITE' && !this.confirmed;
  }

  #pass(
    request: ServedRequest,
    message: SipRequest,
    info: SipRequestInfo,
    offer: Uint8Array | undefined,
  ): void {
    const settle = (answer: () => void) => {
      if (this.#pending !== pending) return;
      this.#pending = undefined;
      answer();
      this.proceed();
    };
    const pending: OfferSettlement = {
      accept: (sdp) => settle(() => this.#accept(request, message, sdp, offer === undefined)),
      reject: (status) => settle(() => request.respond(status)),
    };
    this.#pending = pending;
    // The re-INVITE was taken back; the call goes on as it was. The server has answered.
    request.onCancel(() => settle(() => request.respond(487)));
    this.#core.guard(() => this.#host.handler().reoffered(info, offer, pending));
  }

  #accept(request: ServedRequest, message: SipRequest, sdp: Uint8Array, offered: boolean): void {
    if (message.method === 'UPDATE') this.#answerUpdate(request, message, sdp);
    else {
      const headers = [...CAPABILITIES, ...this.#host.terms.serve(message)];
      this.answered(message.cseq.number, offered);
      request.respond(200, { headers, body: sdp });
    }
  }

  #answerUpdate(request: ServedRequest, message: SipRequest, sdp?: Uint8Array): void {
    // RFC 4028 section 3: an UPDATE in an early dialog says nothing about the session that is not there yet.
    const session = this.confirmed ? this.#host.terms.serve(message) : [];
    request.respond(200, { headers: [...CAPABILITIES, ...session], body: sdp });
  }
}
