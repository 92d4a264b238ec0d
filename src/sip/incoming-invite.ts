/** An initial INVITE as a UAS has it (RFC 3261 section 13.3), until its final answer; then its dialog goes on. */
import type { Alarm } from '../base/wake-queue.ts';
import type { SipCore } from './core.ts';
import { uasDialog } from './dialog.ts';
import { DialogSession, sipCall } from './dialog-session.ts';
import { contactValue, newTag } from './ids.ts';
import type { SipRequest } from './message.ts';
import type {
  CallHandler,
  ExtraHeaders,
  IncomingInvite,
  SipCall,
  SipEnd,
  SipRequestInfo,
  SipUri,
} from './ports.ts';
import { requestInfo, sdpOf } from './request-info.ts';
import { ALLOW } from './screening.ts';
import type { ServerOwner, ServerTransaction } from './server-table.ts';

/** Section 13.3.1.1: a provisional response each minute keeps proxies from giving up. */
const REMINDER = 60_000;

/** Stands in until the application has set its own. */
const NO_HANDLER: CallHandler = {
  confirmed() {},
  reoffered: (_request, _offer, settle) => settle.reject(488),
  requested: () => 481,
  ended() {},
};

export class IncomingSession implements IncomingInvite, ServerOwner {
  readonly request: SipRequestInfo;
  readonly offer: Uint8Array | undefined;
  handler: CallHandler = NO_HANDLER;
  readonly #core: SipCore;
  readonly #transaction: ServerTransaction;
  readonly #cseq: number;
  readonly #session: DialogSession;
  #reminder: Alarm | undefined;

  /** Puts the early dialog into the table. */
  constructor(core: SipCore, request: SipRequest, uri: SipUri, transaction: ServerTransaction) {
    const { flow } = transaction;
    this.#core = core;
    this.#transaction = transaction;
    this.#cseq = request.cseq.number;
    this.request = requestInfo(request, uri, flow);
    this.offer = sdpOf(request);
    transaction.toTag = newTag(core.random);
    transaction.owner = this;
    this.#session = new DialogSession(core, uasDialog(request, transaction.toTag, flow), 'early', {
      handler: () => this.handler,
      endedEarly: () => this.#transaction.respond(487),
      closed: () => core.timers.cancel(this.#reminder),
    });
  }

  /** Did the application take the call, one way or the other? */
  get taken(): boolean {
    return this.handler !== NO_HANDLER || !this.#transaction.open;
  }

  progress(status: number, sdp?: Uint8Array): void {
    if (!this.#transaction.open || status <= 100 || status >= 200) return;
    const { flow } = this.#transaction;
    this.#transaction.respond(status, {
      contact: contactValue(this.#core.contact(flow), flow, this.#session.dialog.secure),
      headers: [['Allow', ALLOW]],
      body: sdp,
    });
    this.#core.timers.cancel(this.#reminder);
    this.#reminder = this.#core.after(REMINDER, () => this.progress(status, sdp));
  }

  /** After a CANCEL or a BYE has come first, the answer goes nowhere and the call that is returned is dead. */
  accept(sdp: Uint8Array, headers?: ExtraHeaders): SipCall {
    this.#core.timers.cancel(this.#reminder);
    if (this.#transaction.open) {
      this.#session.answer(this.#transaction, this.#cseq, sdp, this.offer === undefined, headers);
    }
    return sipCall(this.#session);
  }

  reject(status: number, headers?: ExtraHeaders): void {
    if (!this.#transaction.open || status < 300 || status > 699) return;
    this.#transaction.respond(status, { headers });
    this.#session.close();
  }

  /** Section 9.2: the INVITE is answered 487; when it had its final answer, CANCEL changes nothing. */
  cancelled(cancel: SipRequest): void {
    this.#fail(487, { by: 'cancel', reason: cancel.headers.get('reason') });
  }

  transportFailed(): void {
    this.#fail(503, { by: 'transport', detail: 'connection closed' });
  }

  #fail(status: number, end: SipEnd): void {
    if (!this.#transaction.open) return;
    this.#transaction.respond(status);
    this.#session.close();
    this.#core.guard(() => this.handler.ended(end));
  }
}
