/**
 * What goes on in one dialog (RFC 3261 sections 12.2 and 15): BYE both ways, offers (`offer-exchange.ts`), session timer, other requests
 * both ways. It begins early, with the INVITE that came or the first response that came back, and ends with BYE.
 */

import { sdpOf } from './body.ts';
import type { SipTerms } from './call-terms.ts';
import type { SipCore } from './core.ts';
import { type Dialog, isPeer, ownContact } from './dialog.ts';
import { canonicalName, type Headers } from './headers.ts';
import type { SipRequest, SipResponse } from './message.ts';
import { parseAddress } from './name-addr.ts';
import { OfferExchange } from './offer-exchange.ts';
import type {
  CallHandler,
  DialogNames,
  ExtraHeaders,
  Flow,
  InDialogOptions,
  OnFinal,
  ReofferHandler,
  ReofferMethod,
  SipEnd,
  SipRequestInfo,
} from './ports.ts';
import { reasonOf, requestInfo } from './request-info.ts';
import { answerHasContact, answerHeaders, refuseInDialog, screenAny } from './screening.ts';
import { type InDialogParts, sendInDialog } from './send-in-dialog.ts';
import type { ServerTransaction } from './server-table.ts';
import { SessionTimer } from './session-timer.ts';
import { capabilitiesOf } from './terms.ts';
import { isWebSocket } from './web-socket.ts';

/**
 * `early`: the INVITE has no final answer. `up`: established. `leaving`: our BYE is under way, which far-end
 * requests may cross. `over`: not in the table any more.
 */
type Phase = 'early' | 'up' | 'leaving' | 'over';

export interface SessionOwner {
  /** The application's; asked each time because it may be set late. */
  handler(): CallHandler;
  /** A BYE ended the dialog while the INVITE was unanswered. */
  endedEarly(reason: string | undefined): void;
  /** A PRACK; undefined: nothing was sent that it could acknowledge. */
  pracked?(request: SipRequest, transaction: ServerTransaction, info: SipRequestInfo): void;
  /** The session left the table, whoever ended it. */
  closed(): void;
}

/** How a session begins: with the INVITE that came, with an early response to ours, or with the 2xx to ours. */
export type Beginning = 'invited' | 'progressed' | 'accepted';

export class DialogSession {
  readonly dialog: Dialog;
  readonly offers: OfferExchange;
  readonly #core: SipCore;
  readonly #owner: SessionOwner;
  readonly #timer: SessionTimer;
  #phase: Phase;
  /** BYE was asked for before the ACK came (section 15: it must wait). */
  #byeAfterAck: ExtraHeaders | undefined;
  #confirmed: boolean;

  constructor(core: SipCore, dialog: Dialog, begins: Beginning, owner: SessionOwner) {
    this.dialog = dialog;
    this.#core = core;
    this.#owner = owner;
    this.#phase = begins === 'accepted' ? 'up' : 'early';
    this.#confirmed = begins === 'accepted';
    this.#timer = new SessionTimer(core, this.#terms, {
      refresh: () => this.offers.refresh(),
      expired: () => this.#end({ by: 'session-expired' }),
    });
    this.offers = new OfferExchange(
      {
        core,
        dialog,
        timer: this.#timer,
        handler: () => owner.handler(),
        ackTimeout: () => this.#ackTimeout(),
        lost: (status, method) => this.#lost(status, method),
      },
      {
        initial: begins === 'invited' ? 'theirs' : begins === 'progressed' ? 'ours' : 'done',
        confirmed: this.#confirmed,
        caller: begins !== 'invited',
      },
    );
    core.dialogs.add(this);
  }

  get #terms(): SipTerms {
    return this.dialog.terms ?? this.#core.session;
  }

  /** Sends the 2xx of the initial INVITE, again and again until its ACK comes. */
  answer(
    transaction: ServerTransaction,
    invite: SipRequest,
    sdp: Uint8Array | undefined,
    offered: boolean,
    headers: ExtraHeaders = [],
  ): void {
    if (this.#phase !== 'early') return;
    this.#phase = 'up';
    const session = this.#timer.serve(invite);
    this.offers.answer(transaction, invite.cseq.number, sdp, offered, [...session, ...headers]);
  }

  /** The 2xx to our INVITE came: the session's terms are in it. */
  accepted(response: SipResponse): void {
    if (this.#phase === 'over') return;
    this.#phase = 'up';
    this.#confirmed = true;
    this.offers.confirmed = true;
    this.offers.initial = 'done';
    this.#timer.answered(response);
  }

  /** A request in this dialog, in a new transaction. */
  receive(request: SipRequest, transaction: ServerTransaction): void {
    const { dialog } = this;
    if (this.#phase === 'leaving' || this.#phase === 'over') {
      // Their BYE crossed ours (RFC 5407 section 3.2.1).
      transaction.respond(request.method === 'BYE' ? 200 : 481);
      return;
    }
    if (dialog.remoteSeq !== undefined && request.cseq.number <= dialog.remoteSeq) {
      // Section 12.2.2: out of order.
      transaction.respond(500);
      return;
    }
    dialog.remoteSeq = request.cseq.number;
    // A web phone that lost its connection goes on on another: no other way leads to it (RFC 7118 section 5).
    if (isWebSocket(dialog.flow) && isWebSocket(transaction.flow)) dialog.flow = transaction.flow;
    const screened = screenAny(request);
    if (screened.ok) this.#take(request, transaction, requestInfo(request, screened.value, transaction.flow));
    else transaction.respond(screened.error.status, { headers: screened.error.headers });
  }

  #take(request: SipRequest, transaction: ServerTransaction, info: SipRequestInfo): void {
    const { method } = request;
    const refused = refuseInDialog(request);
    if (refused !== undefined) transaction.respond(refused.status, { headers: refused.headers });
    else if (method === 'BYE') {
      transaction.respond(200);
      this.#byeCame(request);
    } else if (method === 'INVITE' || method === 'UPDATE') this.offers.came(request, transaction, info);
    else if (method === 'OPTIONS') transaction.respond(200, { headers: capabilitiesOf(this.#terms) });
    else if (method === 'PRACK') {
      // RFC 3262 section 3: 481 when no reliable provisional response of ours is waiting.
      if (this.#owner.pracked === undefined) transaction.respond(481);
      else this.#owner.pracked(request, transaction, info);
    } else {
      let status = 500;
      this.#core.guard(() => {
        status = this.#owner.handler().requested(info);
      });
      const { flow } = transaction;
      const contact = answerHasContact(method, status)
        ? ownContact(this.#core, this.dialog, flow)
        : undefined;
      transaction.respond(status, { headers: answerHeaders(info, status), contact });
    }
  }

  /** An ACK of a 2xx of ours; false when nothing waits for it, as when it was repeated. */
  acknowledged(ack: SipRequest): boolean {
    const waiting = this.offers.acknowledged(ack);
    if (waiting === undefined) return false;
    const first = !this.#confirmed;
    this.#confirmed = true;
    if (this.#phase !== 'up') return true;
    if (this.#byeAfterAck !== undefined) {
      if (this.offers.unacknowledged === 0) this.#sendBye(this.#byeAfterAck);
      return true;
    }
    if (first || waiting.offered) {
      const answer = waiting.offered ? sdpOf(ack) : undefined;
      this.#core.guard(() => this.#owner.handler().confirmed(answer));
    }
    this.offers.proceed();
    return true;
  }

  /** Only who made the dialog may speak in it. */
  isPeer(flow: Flow): boolean {
    return isPeer(this.dialog, flow) || this.#core.isTrustedPeer(flow, this.dialog.flow);
  }

  /** BYE from our side; waits for the ACK where it must. */
  bye(headers: ExtraHeaders = []): void {
    if (this.#phase !== 'up' || this.#byeAfterAck !== undefined) return;
    if (this.offers.unacknowledged > 0) this.#byeAfterAck = headers;
    else this.#sendBye(headers);
  }

  /** A request from our side, such as INFO. */
  request(
    method: string,
    contentType: string,
    body: Uint8Array,
    onFinal: OnFinal,
    options: InDialogOptions = {},
  ): void {
    if (this.#phase !== 'up') {
      this.#core.guard(() => onFinal(481));
      return;
    }
    const { headers, sent } = options;
    this.send(method, { contentType, body, headers, sent }, (status, received) => {
      this.#core.guard(() => onFinal(status, (name) => received?.all(canonicalName(name))[0]));
      // RFC 5057 section 5.2: the 481 to a NOTIFY speaks of its subscription, not of the call.
      if (method !== 'NOTIFY' || status !== 481) this.#lost(status, method);
    });
  }

  /** How others may refer to it. */
  get names(): DialogNames {
    const { callId, localTag, remoteTag, local, remote, target } = this.dialog;
    const uriOf = (address: string) => parseAddress(address)?.text ?? '';
    return { callId, localTag, remoteTag, target, localUri: uriOf(local), remoteUri: uriOf(remote) };
  }

  /** An offer from our side. */
  reoffer(handler: ReofferHandler, method: ReofferMethod = 'INVITE'): void {
    if (this.#phase === 'up' || this.#phase === 'early') this.offers.reoffer(handler, method);
    else this.#core.guard(() => handler.refused(481));
  }

  /** Leaves the table without a word: the INVITE failed. */
  close(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#stop();
    this.#core.dialogs.remove(this);
    this.#owner.closed();
  }

  /** Any request but an offer, in whatever phase. */
  send(method: string, parts: InDialogParts, onFinal: (status: number, received?: Headers) => void): void {
    sendInDialog(this.#core, this.dialog, method, parts, onFinal);
  }

  #byeCame(request: SipRequest): void {
    const reason = reasonOf(request.headers);
    const wasEarly = this.#phase === 'early';
    this.close();
    if (wasEarly) this.#owner.endedEarly(reason);
    // Who asked for BYE himself and waited for the ACK with it hears nothing.
    else if (this.#byeAfterAck === undefined)
      this.#core.guard(() => this.#owner.handler().ended({ by: 'bye', reason }));
  }

  #ackTimeout(): void {
    if (this.#phase !== 'up') return;
    const asked = this.#byeAfterAck;
    this.#sendBye(asked ?? []);
    if (asked === undefined) this.#core.guard(() => this.#owner.handler().ended({ by: 'ack-timeout' }));
  }

  /** Section 12.2.1.2: the far end has forgotten the dialog, or has gone. */
  #lost(status: number, method: string): void {
    if (status === 408) this.#end({ by: 'timeout' });
    else if (status === 481) this.#end({ by: 'transport', detail: `481 to ${method}` });
  }

  #end(end: SipEnd): void {
    if (this.#phase !== 'up') return;
    const silent = this.#byeAfterAck !== undefined;
    this.#sendBye(this.#byeAfterAck ?? []);
    if (!silent) this.#core.guard(() => this.#owner.handler().ended(end));
  }

  #sendBye(headers: ExtraHeaders): void {
    this.#phase = 'leaving';
    this.#stop();
    this.send('BYE', { headers }, () => this.close());
  }

  #stop(): void {
    this.#timer.stop();
    this.offers.stop();
  }
}
