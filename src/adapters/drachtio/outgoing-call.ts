/** An INVITE of ours through the drachtio server, until its final answer; then its dialog goes on. */

import { formatHostPort } from '../../base/net.ts';
import { sdpOf } from '../../sip/body.ts';
import { newCallId } from '../../sip/ids.ts';
import { InviteTries } from '../../sip/invite-tries.ts';
import type { SipResponse } from '../../sip/message.ts';
import { parseAddress } from '../../sip/name-addr.ts';
import type {
  DialogNames,
  ExtraHeaders,
  Flow,
  InDialogOptions,
  NextHop,
  OnFinal,
  OutgoingHandler,
  OutgoingInvite,
  OutgoingOptions,
  ReofferHandler,
  ReofferMethod,
  SipEnd,
} from '../../sip/ports.ts';
import { reasonOf } from '../../sip/request-info.ts';
import { CAPABILITIES } from '../../sip/screening.ts';
import { parseUri } from '../../sip/uri.ts';
import type { DrachtioCore, EarlyCall } from './core.ts';
import { DrachtioDialog } from './dialog.ts';
import { readRequest, readResponse } from './messages.ts';
import type { SentRequest, ServedResponse } from './srf.ts';

/** RFC 3261 section 9.1: no final response so long after CANCEL means that there will be none, ms. */
const AFTER_CANCEL = 32_000;

/** `calling`: no answer yet. `ringing`: a provisional one came, CANCEL is allowed. `over`: done, or handed to the dialog. */
type Phase = 'calling' | 'ringing' | 'over';

export class OutgoingCall implements OutgoingInvite, EarlyCall {
  readonly callId: string;
  readonly session: DrachtioDialog;
  readonly #core: DrachtioCore;
  readonly #options: OutgoingOptions;
  readonly #handler: OutgoingHandler;
  readonly #onEnd: (over: OutgoingCall) => void;
  #phase: Phase = 'calling';
  #answered = false;
  readonly #tries: InviteTries;
  /** From with its tag, as the first INVITE had it: those that follow must have the same. */
  #from: string;
  #attempt = 0;
  #cancelled = false;
  #cancelSent = false;
  #sent: SentRequest | undefined;
  #deadline: ReturnType<DrachtioCore['after']> | undefined;

  constructor(
    core: DrachtioCore,
    options: OutgoingOptions,
    handler: OutgoingHandler,
    onEnd: (over: OutgoingCall) => void,
  ) {
    this.#core = core;
    this.#options = options;
    this.#handler = handler;
    this.#onEnd = onEnd;
    this.callId = newCallId(core.random);
    this.#from = options.from.includes('<') ? options.from : `<${options.from}>`;
    const { transport, remote } = options.next;
    const flow: Flow = { transport, local: { address: '', port: 0 }, remote };
    this.session = new DrachtioDialog(core, this.callId, flow, 'uac', {
      handler: () => handler,
      closed: () => this.#over(),
    });
    this.session.proof = core.proofFor(options.authenticate, flow);
    this.#tries = new InviteTries(core, options, core.session, this.session.proof);
    core.early.set(this.callId, this);
  }

  /** Sends the INVITE. What goes wrong at once is told later, so that the caller has got its object by then. */
  start(): void {
    const { to, from } = this.#options;
    if (!parseUri(to).ok || parseAddress(from) === undefined) this.#failSoon('invalid To or From');
    else {
      this.#tries.begin();
      this.#send();
    }
  }

  cancel(): void {
    if (this.#answered) this.session.bye();
    else if (this.#phase !== 'over') {
      this.#cancelled = true;
      // Section 9.1: not before a provisional response.
      if (this.#phase === 'ringing') this.#sendCancel();
    }
  }

  bye(headers?: ExtraHeaders): void {
    if (this.#answered) this.session.bye(headers);
    else this.cancel();
  }

  get dialog(): DialogNames | undefined {
    return this.session.dialog;
  }

  allows(method: string): boolean | undefined {
    return this.session.allows(method);
  }

  request(
    method: string,
    contentType: string,
    body: Uint8Array,
    onFinal: OnFinal,
    options?: InDialogOptions,
  ): void {
    this.session.request(method, contentType, body, onFinal, options);
  }

  reoffer(handler: ReofferHandler, method?: ReofferMethod): void {
    this.session.reoffer(handler, method);
  }

  lost(detail: string): void {
    this.#finish({ by: 'transport', detail });
  }

  #send(): void {
    const { to, next, sdp } = this.#options;
    const attempt = ++this.#attempt;
    const headers: ExtraHeaders = [
      ['From', this.#from],
      ['To', `<${to}>`],
      ['Call-ID', this.callId],
      ['CSeq', `${attempt} INVITE`],
      ...CAPABILITIES,
      ...this.#tries.session,
      ...(this.#options.headers ?? []),
      ...this.#tries.credentials,
      ['Content-Type', 'application/sdp'],
      ['User-Agent', this.#core.userAgent],
    ];
    this.#sent = undefined;
    this.#core.send(
      { method: 'INVITE', uri: to, next: proxyOf(next), headers, body: sdp },
      {
        sent: (request) => {
          if (attempt !== this.#attempt) return;
          this.#sent = request;
          this.#from = readRequest(request.text)?.headers.get('from') ?? this.#from;
          if (this.#cancelled && this.#phase === 'ringing') this.#sendCancel();
        },
        response: (response) => {
          if (attempt === this.#attempt) this.#responded(response);
        },
        failed: (_why, detail) => {
          if (attempt === this.#attempt) this.#failSoon(detail);
        },
      },
    );
  }

  #responded(served: ServedResponse): void {
    const { status } = served;
    const response = readResponse(served.text);
    if (status < 200) this.#progressed(served, response);
    else if (status < 300) this.#accepted(served, response);
    else if (response === undefined) this.#finish({ by: 'transport', detail: 'unreadable response' });
    // The server makes up the answer when none came.
    else if (served.source === '' && status === 408) this.#finish({ by: 'timeout' });
    else if (served.source === '' && status === 503)
      this.#finish({ by: 'transport', detail: 'transport-error' });
    else if (!this.#sentAgain(response)) {
      const reason = reasonOf(response.headers);
      const contacts = status < 400 ? { contacts: response.headers.all('contact') } : {};
      this.#finish({ by: 'rejected', status, phrase: response.phrase, reason, ...contacts });
    }
  }

  /** The same call under a new number, if that is of use. */
  #sentAgain(response: SipResponse): boolean {
    if (this.#cancelled || this.#phase === 'over' || !this.#tries.refused(response)) return false;
    this.#phase = 'calling';
    this.#send();
    return true;
  }

  #progressed(served: ServedResponse, response: SipResponse | undefined): void {
    if (this.#phase === 'over' || response === undefined) return;
    this.#phase = 'ringing';
    this.#core.guard(() => this.#handler.trying?.());
    if (this.#cancelled) {
      this.#sendCancel();
      return;
    }
    const sdp = sdpOf(response);
    if (response.headers.get('rseq') !== undefined) {
      served.acknowledge();
      if (sdp !== undefined) this.session.offers.initial = 'done';
      this.session.named(served.dialogId);
    }
    if (served.status >= 180) this.#core.guard(() => this.#handler.progressed(served.status, sdp));
  }

  #accepted(served: ServedResponse, response: SipResponse | undefined): void {
    served.acknowledge();
    const first = this.#phase !== 'over' && !this.#cancelled;
    this.#core.timers.cancel(this.#deadline);
    this.#phase = 'over';
    this.#answered = true;
    this.#core.early.delete(this.callId);
    this.session.established();
    this.session.offers.confirmed = true;
    this.session.offers.initial = 'done';
    if (response !== undefined) {
      this.#tries.accepted(response);
      this.session.terms.answered(response);
      this.session.farEnd.heard(response);
      this.session.farEnd.made(response, 'them');
    }
    this.session.named(served.dialogId);
    if (!first) {
      // It crossed our CANCEL. Newer servers end it with the ACK, and then know no dialog to send this BYE in.
      this.session.bye();
    } else if (response === undefined) this.session.end({ by: 'transport', detail: 'unreadable response' });
    else this.#core.guard(() => this.#handler.answered(sdpOf(response)));
  }

  /** A final failure, unless the owner has ended the call itself and so wants to hear nothing. */
  #finish(end: SipEnd): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.session.close();
    if (!this.#cancelled) this.#core.guard(() => this.#handler.ended(end));
  }

  #over(): void {
    this.#core.timers.cancel(this.#deadline);
    if (this.#core.early.get(this.callId) === this) this.#core.early.delete(this.callId);
    this.#onEnd(this);
  }

  #failSoon(detail: string): void {
    this.#core.timers.cancel(this.#deadline);
    this.#deadline = this.#core.after(0, () => this.#finish({ by: 'transport', detail }));
  }

  #sendCancel(): void {
    if (this.#cancelSent || this.#sent === undefined) return;
    this.#cancelSent = true;
    this.#sent.cancel();
    this.#deadline = this.#core.after(AFTER_CANCEL, () => this.#finish({ by: 'timeout' }));
  }
}

/** The next hop as the server takes it. */
export function proxyOf({ transport, remote }: Pick<NextHop, 'transport' | 'remote'>): string {
  return `sip:${formatHostPort(remote)};transport=${transport}`;
}
