/**
 * Offers in one dialog, theirs and ours (RFC 3261 section 14, RFC 3311 section 5): one at a time, glare told by 491 and 500, our own
 * kept until its turn comes.
 */

import { sdpOf } from './body.ts';
import type { SipTerms } from './call-terms.ts';
import type { SipCore } from './core.ts';
import { type Dialog, ownContact, refreshTarget } from './dialog.ts';
import type { SipRequest, SipResponse } from './message.ts';
import { sendOwnOffer } from './own-offer.ts';
import { OwnOffers } from './own-offers.ts';
import { PendingOffer } from './pending-offer.ts';
import type {
  CallHandler,
  ExtraHeaders,
  Flow,
  ReofferHandler,
  ReofferMethod,
  SipRequestInfo,
} from './ports.ts';
import { screenOffer } from './screening.ts';
import type { ServerTransaction } from './server-table.ts';
import { type SessionTimer, tooShort } from './session-timer.ts';
import { capabilitiesOf } from './terms.ts';
import { Unacknowledged } from './unacknowledged.ts';

export interface ExchangeHost {
  readonly core: SipCore;
  readonly dialog: Dialog;
  readonly timer: SessionTimer;
  handler(): CallHandler;
  /** No ACK came for our 2xx. */
  ackTimeout(): void;
  /** The far end knows nothing of the dialog, or says nothing any more. */
  lost(status: number, method: string): void;
}

export class OfferExchange {
  /**
   * Where the offer/answer of the initial INVITE stands. `theirs`: no answer of ours has arrived for sure; `ours`: they have not
   * answered; `done`: the next may come.
   */
  initial: 'theirs' | 'ours' | 'done';
  /** Is the dialog confirmed? Only then may there be re-INVITEs. */
  confirmed: boolean;
  readonly #caller: boolean;
  readonly #host: ExchangeHost;
  readonly #core: SipCore;
  readonly #unacknowledged = new Map<number, Unacknowledged>();
  /** Theirs, which the application has not settled. */
  #pending: PendingOffer | undefined;
  /** Most calls never make one. */
  #ours: OwnOffers | undefined;
  /** An UPDATE of ours was answered 405 or 501, whatever their Allow says. */
  #refusesUpdate = false;

  constructor(
    host: ExchangeHost,
    begins: { initial: 'theirs' | 'ours' | 'done'; confirmed: boolean; caller: boolean },
  ) {
    this.#host = host;
    this.#core = host.core;
    this.initial = begins.initial;
    this.confirmed = begins.confirmed;
    this.#caller = begins.caller;
  }

  get #terms(): SipTerms {
    return this.#host.dialog.terms ?? this.#core.session;
  }

  /** How many 2xx of ours wait for an ACK. */
  get unacknowledged(): number {
    return this.#unacknowledged.size;
  }

  /** Sends the 2xx of the initial INVITE or of a re-INVITE, again and again until its ACK comes. */
  answer(
    transaction: ServerTransaction,
    cseq: number,
    sdp: Uint8Array | undefined,
    offered: boolean,
    headers: ExtraHeaders,
  ): void {
    const bytes = transaction.respond(200, {
      headers: [...capabilitiesOf(this.#terms), ...headers],
      contact: this.#contact(transaction.flow),
      body: sdp,
    });
    if (bytes === undefined) return;
    this.confirmed = true;
    this.initial = 'done';
    const unacknowledged = new Unacknowledged(this.#core, transaction.flow, {
      offered,
      resend: () => transaction.resend(bytes),
      givenUp: () => {
        this.#unacknowledged.delete(cseq);
        this.#host.ackTimeout();
      },
    });
    this.#unacknowledged.set(cseq, unacknowledged);
  }

  /** The 2xx that an ACK is for, which waits no longer; undefined when none did. */
  acknowledged(ack: SipRequest): Unacknowledged | undefined {
    const waiting = this.#unacknowledged.get(ack.cseq.number);
    this.#unacknowledged.delete(ack.cseq.number);
    waiting?.stop();
    return waiting;
  }

  /** A re-INVITE or UPDATE came. */
  came(request: SipRequest, transaction: ServerTransaction, info: SipRequestInfo): void {
    const refused = screenOffer(request);
    const short = this.#terms.timers === 'off' ? undefined : tooShort(request, this.#terms);
    const offer = sdpOf(request);
    if (refused !== undefined) {
      transaction.respond(refused.error.status, { headers: refused.error.headers });
    } else if (short !== undefined) {
      transaction.respond(422, { headers: short });
    } else if (request.method === 'UPDATE' && offer === undefined) {
      refreshTarget(this.#host.dialog, request);
      this.#answerUpdate(request, transaction, undefined);
    } else if (this.#pending !== undefined || this.initial === 'theirs') {
      // Section 14.2: one at a time; RFC 3311 section 5.2 says the same of UPDATE.
      transaction.respond(500, { headers: [['Retry-After', this.#core.retryAfter()]] });
    } else if (this.#open(request.method)) {
      // Our own offer is not answered yet: glare.
      transaction.respond(491);
    } else this.#pass(request, transaction, info, offer);
  }

  /** Sends an offer of ours as soon as none is open. */
  reoffer(handler: ReofferHandler, method: ReofferMethod): void {
    this.#ours ??= this.#ownOffers();
    this.#ours.reoffer(handler, method);
  }

  /** Refreshes the session: UPDATE where it is understood, else a re-INVITE with what the application describes. */
  refresh(): void {
    const { dialog, timer } = this.#host;
    let handler: ReofferHandler | undefined;
    if (!this.#refreshesByUpdate()) {
      // An offer of ours that is under way refreshes as well; if it fails, the next turn comes soon.
      timer.tryAgain();
      if (this.#ours?.isBusy === true) return;
      this.#core.guard(() => {
        handler = this.#host.handler().refreshOffer?.();
      });
    }
    if (handler !== undefined) this.reoffer(handler, 'INVITE');
    else {
      const request = { method: 'UPDATE' as const, sdp: undefined, headers: timer.requestHeaders() };
      sendOwnOffer(this.#core, dialog, request, (status, response) => this.#refreshed(status, response));
    }
  }

  #refreshesByUpdate(): boolean {
    const { refresh = 'update-then-invite' } = this.#terms;
    if (refresh !== 'update-then-invite') return refresh === 'update';
    return !this.#refusesUpdate && this.#host.dialog.allowed?.includes('UPDATE') === true;
  }

  /** The dialog ends: what waits is given up. */
  stop(): void {
    for (const each of this.#unacknowledged.values()) each.stop();
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
      ...{ core: host.core, caller: this.#caller },
      mayOffer: (method) => this.#mayOffer(method),
      send: (method, sdp, onFinal) => {
        const { timer, dialog } = host;
        sendOwnOffer(host.core, dialog, { method, sdp, headers: timer.requestHeaders() }, onFinal);
      },
      accepted: (response) => host.timer.answered(response),
      mayTryAgain: (response) => host.timer.refused(response),
      lost: (status, method) => host.lost(status, method),
    });
  }

  #mayOffer(method: ReofferMethod): boolean {
    if (this.#pending !== undefined || this.initial !== 'done' || this.#open(method)) return false;
    // Section 14.1: no re-INVITE while any INVITE is under way in either direction.
    return method !== 'INVITE' || (this.confirmed && this.#unacknowledged.size === 0);
  }

  /** Is an offer of ours without an answer, or an INVITE of ours under way? */
  #open(method: string): boolean {
    if (this.initial === 'ours' || this.#ours?.isUnderWay === true) return true;
    for (const each of this.#unacknowledged.values()) if (each.offered) return true;
    return method === 'INVITE' && !this.confirmed;
  }

  #pass(
    request: SipRequest,
    transaction: ServerTransaction,
    info: SipRequestInfo,
    offer: Uint8Array | undefined,
  ): void {
    const pending = new PendingOffer(transaction, {
      accept: (sdp) => {
        refreshTarget(this.#host.dialog, request);
        if (request.method !== 'INVITE') this.#answerUpdate(request, transaction, sdp);
        else {
          const headers = this.#host.timer.serve(request);
          this.answer(transaction, request.cseq.number, sdp, offer === undefined, headers);
        }
      },
      settled: () => {
        this.#pending = undefined;
      },
      done: () => this.proceed(),
    });
    this.#pending = pending;
    if (request.method === 'INVITE') transaction.respond(100);
    this.#core.guard(() => this.#host.handler().reoffered(info, offer, pending));
  }

  #answerUpdate(request: SipRequest, transaction: ServerTransaction, sdp: Uint8Array | undefined): void {
    // RFC 4028 section 3: an UPDATE in an early dialog says nothing about the session that is not there yet.
    const session = this.confirmed ? this.#host.timer.serve(request) : [];
    transaction.respond(200, {
      contact: this.#contact(transaction.flow),
      headers: [...capabilitiesOf(this.#terms), ...session],
      body: sdp,
    });
  }

  #refreshed(status: number, response: SipResponse | undefined): void {
    const { timer } = this.#host;
    if (response !== undefined && status < 300) timer.answered(response);
    else if (timer.refused(response)) this.refresh();
    else if ((status === 405 || status === 501) && !this.#refusesUpdate && this.#terms.refresh !== 'update') {
      this.#refusesUpdate = true;
      this.refresh();
    } else if (status !== 408 && status !== 481) timer.tryAgain();
    else this.#host.lost(status, 'UPDATE');
  }

  #contact(flow: Flow): string {
    return ownContact(this.#core, this.#host.dialog, flow);
  }
}
