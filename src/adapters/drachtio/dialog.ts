/** A dialog that the drachtio server keeps and we speak in: BYE both ways, offers (`offer-turns.ts`), other requests both ways. */

import { sdpOf } from '../../sip/body.ts';
import type { Proof } from '../../sip/challenges.ts';
import { canonicalName } from '../../sip/headers.ts';
import type { SipRequest, SipResponse } from '../../sip/message.ts';
import type {
  CallHandler,
  DialogNames,
  ExtraHeaders,
  Flow,
  InDialogOptions,
  OnFinal,
  ReofferHandler,
  ReofferMethod,
  SipCall,
  SipEnd,
} from '../../sip/ports.ts';
import { reasonOf, requestInfo } from '../../sip/request-info.ts';
import {
  answerHasContact,
  answerHeaders,
  CAPABILITIES,
  refuseInDialog,
  screenAny,
} from '../../sip/screening.ts';
import type { DialogEntry, DrachtioCore } from './core.ts';
import { FarEnd } from './far-end.ts';
import { OfferTurns } from './offer-turns.ts';
import { type InDialogListener, type InDialogRequest, sendInDialog } from './send-in-dialog.ts';
import { SessionTerms } from './session-terms.ts';
import type { SentRequest, ServedRequest } from './srf.ts';

/** A re-INVITE without a final answer is cancelled after so long, and given up half of it later, ms. */
const PATIENCE = 60_000;

/** The server writes its own address for `localhost`. */
const OUR_CONTACT = ['Contact', '<sip:trunkroom@localhost>'] as const;

export interface DialogOwner {
  handler(): CallHandler;
  /** A PRACK; undefined: nothing was sent that it could acknowledge. */
  pracked?(request: ServedRequest, message: SipRequest): void;
  /** The dialog is over, whoever ended it. */
  closed(): void;
}

/** `early`: the INVITE has no final answer. `up`: established. `leaving`: our BYE is under way. */
type Phase = 'early' | 'up' | 'leaving' | 'over';

export class DrachtioDialog implements SipCall, DialogEntry {
  readonly farEnd = new FarEnd();
  /** What proves our requests in it to whom it was made with. */
  proof: Proof | undefined;
  readonly callId: string;
  readonly flow: Flow;
  readonly offers: OfferTurns;
  readonly terms: SessionTerms;
  readonly #core: DrachtioCore;
  readonly #owner: DialogOwner;
  #phase: Phase = 'early';
  #id: string | undefined;
  /** BYE was asked for before the ACK came (RFC 3261 section 15: it must wait). */
  #byeAfterAck: ExtraHeaders | undefined;
  #acknowledged: boolean;
  /** Made on a connection that is gone: the server tells nothing of it any more. */
  #orphaned = false;
  /** What was asked for before the server had a name for the dialog. */
  #waiting: ((dialogId: string | undefined) => void)[] = [];

  constructor(core: DrachtioCore, callId: string, flow: Flow, side: 'uac' | 'uas', owner: DialogOwner) {
    this.#core = core;
    this.callId = callId;
    this.flow = flow;
    this.#owner = owner;
    this.#acknowledged = side === 'uac';
    this.terms = new SessionTerms(core.session);
    this.offers = new OfferTurns(
      {
        core,
        terms: this.terms,
        caller: side === 'uac',
        handler: () => owner.handler(),
        dialogId: () => this.#id,
        send: (method, sdp, onFinal) => this.#sendOffer(method, sdp, onFinal),
        lost: (status, method) => this.#lost(status, method),
      },
      side === 'uas' ? 'theirs' : 'ours',
    );
  }

  get dialog(): DialogNames | undefined {
    return this.farEnd.names;
  }

  allows(method: string): boolean | undefined {
    return this.farEnd.allows(method);
  }

  get isOrphaned(): boolean {
    return this.#orphaned;
  }

  /** The server's name for it. */
  named(id: string): void {
    if (this.#id !== undefined || this.#phase === 'over' || id === '') return;
    this.#id = id;
    this.#core.dialogs.set(id, this);
    for (const run of this.#waiting.splice(0)) run(id);
    this.offers.proceed();
  }

  /** The 2xx goes out, or came. */
  established(): void {
    if (this.#phase === 'early') this.#phase = 'up';
  }

  /** A request in this dialog. */
  receive(request: ServedRequest, message: SipRequest): void {
    if (message.method === 'INVITE' || message.method === 'UPDATE') this.farEnd.heard(message);
    if (message.method === 'ACK') {
      this.#acked(message);
      return;
    }
    if (request.unsolicited) {
      this.#endedByServer(message);
      return;
    }
    if (this.#phase === 'leaving' || this.#phase === 'over') {
      // Their BYE crossed ours (RFC 5407 section 3.2.1).
      request.respond(message.method === 'BYE' ? 200 : 481);
      return;
    }
    const screened = screenAny(message);
    if (!screened.ok) request.respond(screened.error.status, { headers: screened.error.headers });
    else this.#take(request, message, requestInfo(message, screened.value, request.flow));
  }

  bye(headers: ExtraHeaders = []): void {
    if (this.#phase !== 'up' || this.#byeAfterAck !== undefined) return;
    if (this.offers.unacknowledged > 0) this.#byeAfterAck = headers;
    else this.#sendBye(headers);
  }

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
    const type: ExtraHeaders = contentType === '' ? [] : [['Content-Type', contentType]];
    const { headers = [], sent } = options;
    this.#send(
      { method, headers: [...type, ...headers], body },
      {
        sent: (_request, cseq) => this.#core.guard(() => sent?.(cseq)),
        final: (status, response) => {
          const header = (name: string) => response?.headers.all(canonicalName(name))[0];
          this.#core.guard(() => onFinal(status, header));
          // RFC 5057 section 5.2: the 481 to a NOTIFY speaks of its subscription, not of the call.
          if (method !== 'NOTIFY' || status !== 481) this.#lost(status, method);
        },
      },
    );
  }

  reoffer(handler: ReofferHandler, method: ReofferMethod = 'INVITE'): void {
    if (this.#phase === 'up' || this.#phase === 'early') this.offers.reoffer(handler, method);
    else this.#core.guard(() => handler.refused(481));
  }

  /** The connection to the server is gone. What was being set up is lost; what is up goes on, unwatched. */
  orphan(detail: string): void {
    this.#orphaned = true;
    this.offers.forgetAcks();
    if (!this.#acknowledged || this.#byeAfterAck !== undefined) this.end({ by: 'transport', detail });
  }

  /** Asks the server, and through it the far end, whether the dialog is still there. */
  probe(): void {
    if (this.#phase !== 'up') return;
    const final = (status: number) => this.#lost(status, 'OPTIONS');
    this.#send({ method: 'OPTIONS', headers: [] }, { final });
  }

  /** It is over; the owner hears of it unless it asked for BYE itself. */
  end(end: SipEnd): void {
    if (this.#phase === 'over') return;
    const tell = this.#phase === 'up' && this.#byeAfterAck === undefined;
    this.close();
    if (tell) this.#core.guard(() => this.#owner.handler().ended(end));
  }

  /** Leaves the table without a word. */
  close(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    if (this.#id !== undefined) this.#core.dialogs.delete(this.#id);
    for (const run of this.#waiting.splice(0)) run(undefined);
    this.offers.stop();
    this.#owner.closed();
  }

  #take(request: ServedRequest, message: SipRequest, info: ReturnType<typeof requestInfo>): void {
    const { method } = message;
    const refused = refuseInDialog(message);
    if (refused !== undefined) request.respond(refused.status, { headers: refused.headers });
    else if (method === 'BYE') {
      request.respond(200);
      this.end({ by: 'bye', reason: reasonOf(message.headers) });
    } else if (method === 'INVITE' || method === 'UPDATE') this.offers.came(request, message, info);
    else if (method === 'OPTIONS') request.respond(200, { headers: CAPABILITIES });
    else if (method === 'PRACK') {
      // RFC 3262 section 3: 481 when no reliable provisional response of ours is waiting.
      if (this.#owner.pracked === undefined) request.respond(481);
      else this.#owner.pracked(request, message);
    } else {
      let status = 500;
      this.#core.guard(() => {
        status = this.#owner.handler().requested(info);
      });
      const contact = answerHasContact(method, status) ? [OUR_CONTACT] : [];
      request.respond(status, { headers: [...answerHeaders(info, status), ...contact] });
    }
  }

  #acked(ack: SipRequest): void {
    const offered = this.offers.acknowledged(ack.cseq.number);
    if (offered === undefined || this.#phase !== 'up') return;
    const first = !this.#acknowledged;
    this.#acknowledged = true;
    if (this.#byeAfterAck !== undefined) {
      if (this.offers.unacknowledged === 0) this.#sendBye(this.#byeAfterAck);
      return;
    }
    if (first || offered) {
      const answer = offered ? sdpOf(ack) : undefined;
      this.#core.guard(() => this.#owner.handler().confirmed(answer));
    }
    this.offers.proceed();
  }

  /** The server has sent BYE by itself; its Reason says why. */
  #endedByServer(bye: SipRequest): void {
    const reason = bye.headers.get('reason') ?? '';
    if (reason.includes('ACK timeout')) this.end({ by: 'ack-timeout' });
    else if (reason.includes('Session timer')) this.end({ by: 'session-expired' });
    else if (reason.includes('CANCEL after')) this.end({ by: 'cancel', reason: undefined });
    else this.end({ by: 'transport', detail: reason === '' ? 'ended by drachtio' : reason });
  }

  /** RFC 3261 section 12.2.1.2: the far end has forgotten the dialog, or has gone. */
  #lost(status: number, method: string): void {
    if (this.#phase !== 'up') return;
    if (status === 408) this.#hangUp({ by: 'timeout' });
    else if (status === 481) this.#hangUp({ by: 'transport', detail: `481 to ${method}` });
  }

  #hangUp(end: SipEnd): void {
    const tell = this.#byeAfterAck === undefined;
    this.#sendBye(this.#byeAfterAck ?? []);
    if (tell) this.#core.guard(() => this.#owner.handler().ended(end));
  }

  #sendBye(headers: ExtraHeaders): void {
    this.#phase = 'leaving';
    this.offers.stop();
    this.#send({ method: 'BYE', headers }, { final: () => this.close() });
  }

  #sendOffer(
    method: ReofferMethod,
    sdp: Uint8Array,
    onFinal: (status: number, response: SipResponse | undefined) => void,
  ): void {
    let sent: SentRequest | undefined;
    let over = false;
    const finish = (status: number, response: SipResponse | undefined) => {
      if (over) return;
      over = true;
      this.#core.timers.cancel(patience);
      onFinal(status, response);
    };
    let patience = this.#core.after(PATIENCE, () => {
      sent?.cancel();
      patience = this.#core.after(PATIENCE / 2, () => finish(408, undefined));
    });
    const type = ['Content-Type', 'application/sdp'] as const;
    const headers: ExtraHeaders = [...CAPABILITIES, ...this.terms.requestHeaders(), type];
    this.#send(
      { method, headers, body: sdp },
      {
        sent: (request) => {
          sent = request;
        },
        final: (status, response) => {
          if (response !== undefined && status < 300) this.farEnd.heard(response);
          finish(status, response);
        },
      },
    );
  }

  /** Sends it once the server has a name for the dialog. */
  #send(request: Pick<InDialogRequest, 'method' | 'headers' | 'body'>, listener: InDialogListener): void {
    const { flow, proof, farEnd } = this;
    const target = farEnd.target ?? '';
    const run = (dialogId: string | undefined) => {
      if (dialogId === undefined) listener.final(481, undefined);
      else sendInDialog(this.#core, { ...request, dialogId, target, flow, proof }, listener);
    };
    if (this.#id !== undefined || this.#phase === 'over') run(this.#id);
    else this.#waiting.push(run);
  }
}
