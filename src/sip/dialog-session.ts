/**
 * What goes on in one dialog (RFC 3261 sections 12.2, 14, 15): BYE both ways, re-INVITE and UPDATE passed up, other requests both ways. It
 * begins early, with the INVITE that came or the 2xx that came back, and ends with BYE.
 */
import type { SipCore } from './core.ts';
import { buildInDialog, type Dialog, flowFor, isPeer, refreshTarget } from './dialog.ts';
import { contactValue, newBranch } from './ids.ts';
import type { SipRequest } from './message.ts';
import { PendingOffer } from './pending-offer.ts';
import type { CallHandler, ExtraHeaders, Flow, SipCall, SipEnd } from './ports.ts';
import { requestInfo, sdpOf } from './request-info.ts';
import { ALLOW, CAPABILITIES, refuseMethod, screenAny, screenOffer } from './screening.ts';
import type { ServerTransaction } from './server-table.ts';
import { Unacknowledged } from './unacknowledged.ts';

/**
 * `early`: the INVITE has no final answer. `up`: established. `leaving`: our BYE is under way, which far-end
 * requests may cross. `over`: not in the table any more.
 */
type Phase = 'early' | 'up' | 'leaving' | 'over';

export interface SessionOwner {
  /** The application's; asked each time because it may be set late. */
  handler(): CallHandler;
  /** A BYE ended the dialog while the INVITE was unanswered. */
  endedEarly(): void;
  /** The session left the table, whoever ended it. */
  closed(): void;
}

export class DialogSession {
  readonly dialog: Dialog;
  readonly #core: SipCore;
  readonly #owner: SessionOwner;
  readonly #unacknowledged = new Map<number, Unacknowledged>();
  #phase: Phase;
  #pending: PendingOffer | undefined;
  /** BYE was asked for before the ACK came (section 15: it must wait). */
  #byeAfterAck: ExtraHeaders | undefined;
  #confirmed: boolean;

  constructor(core: SipCore, dialog: Dialog, phase: 'early' | 'up', owner: SessionOwner) {
    this.dialog = dialog;
    this.#core = core;
    this.#owner = owner;
    this.#phase = phase;
    this.#confirmed = phase === 'up';
    core.dialogs.add(this);
  }

  /** Sends the 2xx of the initial INVITE or of a re-INVITE, again and again until its ACK comes. */
  answer(
    transaction: ServerTransaction,
    cseq: number,
    sdp: Uint8Array,
    offered: boolean,
    headers: ExtraHeaders = [],
  ): void {
    if (this.#phase === 'over') return;
    const bytes = transaction.respond(200, {
      headers: [...CAPABILITIES, ...headers],
      contact: this.#contact(transaction.flow),
      body: sdp,
    });
    if (bytes === undefined) return;
    if (this.#phase === 'early') this.#phase = 'up';
    const unacknowledged = new Unacknowledged(this.#core, transaction.flow, {
      offered,
      resend: () => transaction.resend(bytes),
      givenUp: () => this.#ackTimeout(cseq),
    });
    this.#unacknowledged.set(cseq, unacknowledged);
  }

  /** A request in this dialog, in a new transaction. */
  receive(request: SipRequest, transaction: ServerTransaction): void {
    const { dialog } = this;
    if (this.#phase === 'leaving' || this.#phase === 'over') {
      // Their BYE crossed ours (RFC 5407 section 3.2.3).
      transaction.respond(request.method === 'BYE' ? 200 : 481);
      return;
    }
    if (dialog.remoteSeq !== undefined && request.cseq.number <= dialog.remoteSeq) {
      // Section 12.2.2: out of order.
      transaction.respond(500);
      return;
    }
    dialog.remoteSeq = request.cseq.number;
    const screened = screenAny(request);
    if (!screened.ok) {
      transaction.respond(screened.error.status, { headers: screened.error.headers });
      return;
    }
    switch (request.method) {
      case 'BYE':
        transaction.respond(200);
        this.#byeCame(request);
        break;
      case 'INVITE':
      case 'UPDATE':
        this.#offerCame(request, transaction);
        break;
      case 'OPTIONS':
        transaction.respond(200, { headers: CAPABILITIES });
        break;
      case 'INFO':
      case 'REFER':
      case 'NOTIFY':
      case 'MESSAGE': {
        const info = requestInfo(request, screened.value, transaction.flow);
        let status = 500;
        this.#core.guard(() => {
          status = this.#owner.handler().requested(info);
        });
        transaction.respond(status, status === 405 ? { headers: [['Allow', ALLOW]] } : {});
        break;
      }
      case 'PRACK':
        // RFC 3262 section 3: no reliable provisional response of ours is waiting.
        transaction.respond(481);
        break;
      default: {
        const { status, headers } = refuseMethod(request.method);
        transaction.respond(status, { headers });
      }
    }
  }

  /** An ACK of a 2xx of ours; false when nothing waits for it, as when it was repeated. */
  acknowledged(ack: SipRequest): boolean {
    const waiting = this.#unacknowledged.get(ack.cseq.number);
    if (waiting === undefined) return false;
    this.#unacknowledged.delete(ack.cseq.number);
    waiting.stop();
    const first = !this.#confirmed;
    this.#confirmed = true;
    if (this.#phase !== 'up') return true;
    if (this.#byeAfterAck !== undefined && this.#unacknowledged.size === 0) this.#sendBye(this.#byeAfterAck);
    else if (this.#byeAfterAck === undefined && (first || waiting.offered)) {
      const answer = waiting.offered ? sdpOf(ack) : undefined;
      this.#core.guard(() => this.#owner.handler().confirmed(answer));
    }
    return true;
  }

  /** Only who made the dialog may speak in it. */
  isPeer(flow: Flow): boolean {
    return isPeer(this.dialog, flow);
  }

  /** BYE from our side; waits for the ACK where it must. */
  bye(headers: ExtraHeaders = []): void {
    if (this.#phase !== 'up' || this.#byeAfterAck !== undefined) return;
    if (this.#unacknowledged.size > 0) this.#byeAfterAck = headers;
    else this.#sendBye(headers);
  }

  /** A request from our side, such as INFO. */
  request(method: string, contentType: string, body: Uint8Array, onFinal: (status: number) => void): void {
    if (this.#phase !== 'up') {
      this.#core.guard(() => onFinal(481));
      return;
    }
    this.#send(method, { contentType, body }, (status) => {
      this.#core.guard(() => onFinal(status));
      // Section 12.2.1.2: the far end has forgotten the dialog, or has gone.
      if (this.#phase === 'up' && (status === 481 || status === 408)) {
        this.#end(status === 408 ? { by: 'timeout' } : { by: 'transport', detail: `481 to ${method}` });
      }
    });
  }

  /** Leaves the table without a word: the INVITE failed. */
  close(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#stopWaiting();
    this.#core.dialogs.remove(this);
    this.#owner.closed();
  }

  #offerCame(request: SipRequest, transaction: ServerTransaction): void {
    const refused = screenOffer(request);
    const offer = sdpOf(request);
    if (refused !== undefined) {
      transaction.respond(refused.error.status, { headers: refused.error.headers });
    } else if (this.#phase === 'early' || this.#pending !== undefined) {
      // Section 14.2: one at a time; RFC 3311 section 5.2 says the same of UPDATE.
      transaction.respond(500, { headers: [['Retry-After', this.#core.retryAfter()]] });
    } else if ([...this.#unacknowledged.values()].some((each) => each.offered)) {
      // Our own offer, in a 2xx, is not answered yet: glare.
      transaction.respond(491);
    } else if (request.method === 'UPDATE' && offer === undefined) {
      refreshTarget(this.dialog, request);
      transaction.respond(200, { contact: this.#contact(transaction.flow), headers: CAPABILITIES });
    } else this.#passOffer(request, transaction, offer);
  }

  #passOffer(request: SipRequest, transaction: ServerTransaction, offer: Uint8Array | undefined): void {
    const screened = screenAny(request);
    if (!screened.ok) return;
    const info = requestInfo(request, screened.value, transaction.flow);
    const pending = new PendingOffer(transaction, {
      accept: (sdp) => {
        refreshTarget(this.dialog, request);
        if (request.method === 'INVITE')
          this.answer(transaction, request.cseq.number, sdp, offer === undefined);
        else
          transaction.respond(200, {
            contact: this.#contact(transaction.flow),
            headers: CAPABILITIES,
            body: sdp,
          });
      },
      settled: () => {
        this.#pending = undefined;
      },
    });
    this.#pending = pending;
    if (request.method === 'INVITE') transaction.respond(100);
    this.#core.guard(() => this.#owner.handler().reoffered(info, offer, pending));
  }

  #byeCame(request: SipRequest): void {
    const wasEarly = this.#phase === 'early';
    this.close();
    if (wasEarly) this.#owner.endedEarly();
    // Who asked for BYE himself and waited for the ACK with it hears nothing.
    if (this.#byeAfterAck !== undefined) return;
    const reason = request.headers.get('reason');
    this.#core.guard(() => this.#owner.handler().ended({ by: 'bye', reason }));
  }

  #ackTimeout(cseq: number): void {
    this.#unacknowledged.delete(cseq);
    if (this.#phase !== 'up') return;
    const asked = this.#byeAfterAck;
    this.#sendBye(asked ?? []);
    if (asked === undefined) this.#core.guard(() => this.#owner.handler().ended({ by: 'ack-timeout' }));
  }

  #end(end: SipEnd): void {
    this.#sendBye([]);
    this.#core.guard(() => this.#owner.handler().ended(end));
  }

  #sendBye(headers: ExtraHeaders): void {
    this.#phase = 'leaving';
    this.#stopWaiting();
    this.#send('BYE', { headers }, () => this.close());
  }

  #stopWaiting(): void {
    for (const each of this.#unacknowledged.values()) each.stop();
    this.#unacknowledged.clear();
    // Section 15.1.2: requests that wait for an answer are ended with 487.
    this.#pending?.reject(487);
  }

  #send(
    method: string,
    parts: { headers?: ExtraHeaders; contentType?: string; body?: Uint8Array },
    onFinal: (status: number) => void,
  ): void {
    const flow = flowFor(this.#core, this.dialog);
    if (flow === undefined) {
      onFinal(503);
      return;
    }
    const branch = newBranch(this.#core.random);
    const bytes = buildInDialog(this.#core, this.dialog, flow, { method, branch, ...parts });
    this.#core.start(
      { method, branch, bytes, flow },
      {
        response: ({ status }) => {
          if (status >= 200) onFinal(status);
        },
        // Section 8.1.3.1: a time-out is a 408, a transport error a 503.
        failed: (why) => onFinal(why === 'timeout' ? 408 : 503),
      },
    );
  }

  #contact(flow: Flow): string {
    return contactValue(this.#core.contact(flow), flow, this.dialog.secure);
  }
}

/** A session as the application sees it. */
export function sipCall(session: DialogSession): SipCall {
  return {
    callId: session.dialog.callId,
    bye: (headers) => session.bye(headers),
    request: (method, contentType, body, onFinal) => session.request(method, contentType, body, onFinal),
  };
}
