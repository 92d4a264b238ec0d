/** An initial INVITE as a UAS has it (RFC 3261 section 13.3), until its final answer; then its dialog goes on. */
import type { Alarm } from '../base/wake-queue.ts';
import { sdpOf } from './body.ts';
import type { SipTerms } from './call-terms.ts';
import { proofFor } from './challenges.ts';
import type { SipCore } from './core.ts';
import { ownContact, uasDialog } from './dialog.ts';
import { DialogSession } from './dialog-session.ts';
import { newTag } from './ids.ts';
import type { SipRequest } from './message.ts';
import { NO_HANDLER } from './no-handler.ts';
import type {
  Authenticator,
  CallHandler,
  ExtraHeaders,
  IncomingInvite,
  SipCall,
  SipEnd,
  SipRequestInfo,
} from './ports.ts';
import { type Provisional, ReliableProvisionals } from './reliable.ts';
import { reasonOf } from './request-info.ts';
import { ALLOWED } from './screening.ts';
import type { ServerOwner, ServerTransaction } from './server-table.ts';
import { SessionCall } from './session-call.ts';

/** Section 13.3.1.1: a provisional response each minute keeps proxies from giving up. */
const REMINDER = 60_000;

export class IncomingSession implements IncomingInvite, ServerOwner {
  readonly request: SipRequestInfo;
  readonly offer: Uint8Array | undefined;
  handler: CallHandler = NO_HANDLER;
  readonly #core: SipCore;
  readonly #transaction: ServerTransaction;
  readonly #invite: SipRequest;
  readonly #session: DialogSession;
  readonly #reliable: ReliableProvisionals;
  readonly #terms: SipTerms;
  /** A 2xx that waits for a PRACK (RFC 3262 section 3). */
  #held: { readonly sdp: Uint8Array; readonly headers: ExtraHeaders | undefined } | undefined;
  #reminder: Alarm | undefined;

  /** Puts the early dialog into the table. */
  constructor(
    core: SipCore,
    request: SipRequest,
    info: SipRequestInfo,
    transaction: ServerTransaction,
    terms: SipTerms = core.session,
  ) {
    const { flow } = transaction;
    this.#core = core;
    this.#transaction = transaction;
    this.#invite = request;
    this.request = info;
    this.offer = sdpOf(request);
    transaction.toTag ??= newTag(core.random);
    transaction.owner = this;
    this.#terms = terms;
    const dialog = uasDialog(request, transaction.toTag, flow, terms);
    this.#session = new DialogSession(core, dialog, 'invited', {
      handler: () => this.handler,
      endedEarly: (reason) => this.#fail(487, { by: 'bye', reason }),
      pracked: (prack, its, info) => this.#pracked(prack, its, info),
      closed: () => this.#quiet(),
    });
    this.#reliable = new ReliableProvisionals(core, transaction, request.cseq.number, {
      send: (provisional, rseq) => this.#provisional(provisional, rseq),
      unacknowledged: () => this.#fail(504, { by: 'timeout' }),
    });
  }

  get authenticator(): Authenticator | undefined {
    return this.#session.dialog.proof?.authenticator;
  }

  set authenticator(authenticator: Authenticator | undefined) {
    this.#session.dialog.proof = proofFor(this.#core, authenticator, this.request.flow);
  }

  /** Did the application take the call, one way or the other? */
  get taken(): boolean {
    return this.handler !== NO_HANDLER || !this.#transaction.open;
  }

  progress(status: number, sdp?: Uint8Array): void {
    if (!this.#transaction.open || status <= 100 || status >= 200) return;
    const { reliable: mode } = this.#terms;
    const required = this.#names('require') || (mode === 'required' && this.#names('supported'));
    const reliable = mode !== 'off' && (required || (sdp !== undefined && this.#names('supported')));
    // RFC 3261 section 13.2.1: an offer of ours goes out reliably or not at all.
    if (!reliable) this.#provisional({ status, sdp: this.offer === undefined ? undefined : sdp }, undefined);
    else if (this.offer === undefined && sdp === undefined && this.#session.offers.initial === 'theirs') {
      // RFC 3262 section 5: the first reliable response to an INVITE without an offer must carry one.
      if (!required) this.#provisional({ status, sdp }, undefined);
    } else {
      if (sdp !== undefined && this.offer === undefined) this.#session.offers.initial = 'ours';
      this.#reliable.send({ status, sdp });
    }
    this.#core.timers.cancel(this.#reminder);
    this.#reminder = this.#core.after(REMINDER, () => this.progress(status, reliable ? undefined : sdp));
  }

  /** After a CANCEL or a BYE has come first, the answer goes nowhere and the call that is returned is dead. */
  accept(sdp: Uint8Array, headers?: ExtraHeaders): SipCall {
    if (this.#transaction.open && this.#held === undefined) {
      if (this.#reliable.holds2xx) this.#held = { sdp, headers };
      else this.#answer(sdp, headers);
    }
    return new SessionCall(this.#session);
  }

  reject(status: number, headers?: ExtraHeaders): void {
    if (!this.#transaction.open || status < 300 || status > 699) return;
    this.#transaction.respond(status, { headers });
    this.#session.close();
  }

  /** Section 9.2: the INVITE is answered 487; when it had its final answer, CANCEL changes nothing. */
  cancelled(cancel: SipRequest): void {
    this.#fail(487, { by: 'cancel', reason: reasonOf(cancel.headers) });
  }

  transportFailed(): void {
    this.#fail(503, { by: 'transport', detail: 'connection closed' });
  }

  #answer(sdp: Uint8Array, headers: ExtraHeaders | undefined): void {
    this.#quiet();
    // RFC 6337 section 2.2: what was agreed on in the early dialog stands; SDP in the 2xx would be another offer.
    const agreed = this.#session.offers.initial === 'done';
    const offered = this.offer === undefined && !agreed;
    this.#session.answer(this.#transaction, this.#invite, agreed ? undefined : sdp, offered, headers);
  }

  #provisional({ status, sdp }: Provisional, rseq: number | undefined): Uint8Array | undefined {
    const { flow } = this.#transaction;
    return this.#transaction.respond(status, {
      contact: ownContact(this.#core, this.#session.dialog, flow),
      headers: rseq === undefined ? ALLOWED : [...ALLOWED, ['Require', '100rel'], ['RSeq', String(rseq)]],
      body: sdp,
    });
  }

  /** RFC 3262 section 5: a PRACK carries the answer to an offer of ours, or a new offer once ours is answered. */
  #pracked(prack: SipRequest, transaction: ServerTransaction, info: SipRequestInfo): void {
    const acknowledged = this.#reliable.acknowledged(prack);
    if (acknowledged === undefined) {
      transaction.respond(481);
      return;
    }
    const { offers } = this.#session;
    const sdp = sdpOf(prack);
    const answers = acknowledged.sdp !== undefined && offers.initial === 'ours';
    if (acknowledged.sdp !== undefined) offers.initial = 'done';
    if (sdp !== undefined && !answers) offers.came(prack, transaction, info);
    else {
      transaction.respond(200);
      if (answers) this.#core.guard(() => this.handler.earlyAnswer?.(sdp));
    }
    this.#reliable.proceed();
    const held = this.#held;
    if (held === undefined || this.#reliable.holds2xx || !this.#transaction.open) return;
    this.#held = undefined;
    this.#answer(held.sdp, held.headers);
  }

  #names(header: 'require' | 'supported'): boolean {
    return this.#invite.headers.all(header).some((tag) => tag.toLowerCase() === '100rel');
  }

  #quiet(): void {
    this.#core.timers.cancel(this.#reminder);
    this.#reliable.stop();
  }

  #fail(status: number, end: SipEnd): void {
    if (!this.#transaction.open) return;
    this.#transaction.respond(status);
    this.#session.close();
    this.#core.guard(() => this.handler.ended(end));
  }
}
