/** An INVITE of ours (RFC 3261 sections 9.1 and 13.2), until its final answer; then its dialog goes on. */
import type { Alarm } from '../base/wake-queue.ts';
import { sdpOf } from './body.ts';
import type { SipTerms } from './call-terms.ts';
import { proofFor } from './challenges.ts';
import type { SipCore } from './core.ts';
import { buildInDialog, flowFor } from './dialog.ts';
import type { DialogSession } from './dialog-session.ts';
import { EarlyDialogs } from './early-dialogs.ts';
import { contactValue, newBranch, newCallId, newTag } from './ids.ts';
import { InviteTries } from './invite-tries.ts';
import { type HeaderLine, type SipResponse, safeExtras, writeRequest } from './message.ts';
import { parseAddress } from './name-addr.ts';
import type {
  DialogNames,
  ExtraHeaders,
  Flow,
  InDialogOptions,
  OnFinal,
  OutgoingHandler,
  OutgoingInvite,
  OutgoingOptions,
  ReofferHandler,
  ReofferMethod,
  SipEnd,
} from './ports.ts';
import { headerReader, reasonOf } from './request-info.ts';
import { capabilitiesOf } from './terms.ts';
import { parseUri } from './uri.ts';
import { formatVia } from './via.ts';

/** A forking proxy may bring more 2xx than one; this many are acknowledged and hung up, the rest passed over. */
const MAX_FORKS = 8;

/** One sending of the INVITE: it goes out again, under a new branch and number, when it was challenged. */
interface Attempt {
  readonly branch: string;
  readonly cseq: number;
}

/** `calling`: no answer yet. `ringing`: a provisional one came, CANCEL is allowed. `over`: done, or handed to the dialog. */
type Phase = 'calling' | 'ringing' | 'over';

export class OutgoingSession implements OutgoingInvite {
  readonly callId: string;
  readonly #core: SipCore;
  readonly #options: OutgoingOptions;
  readonly #handler: OutgoingHandler;
  readonly #onEnd: (over: OutgoingSession) => void;
  readonly #tag: string;
  /** ACKs by To tag: a repeated 2xx gets the same one again (section 13.2.2.4). */
  readonly #acks = new Map<string, { flow: Flow; bytes: Uint8Array }>();
  readonly #release: () => void;
  readonly #early: EarlyDialogs;
  readonly #tries: InviteTries;
  readonly #terms: SipTerms;
  #flow: Flow | undefined;
  #phase: Phase = 'calling';
  #attempt: Attempt;
  #session: DialogSession | undefined;
  #cancelled = false;
  #cancelSent = false;
  #deadline: Alarm | undefined;

  /** `onEnd`: the call never came to a dialog, or its dialog has gone. */
  constructor(
    core: SipCore,
    options: OutgoingOptions,
    handler: OutgoingHandler,
    onEnd: (over: OutgoingSession) => void,
  ) {
    this.#core = core;
    this.#options = options;
    this.#handler = handler;
    this.#onEnd = onEnd;
    this.#tag = newTag(core.random);
    this.#attempt = { branch: newBranch(core.random), cseq: 1 };
    this.callId = newCallId(core.random);
    this.#release = core.peers.hold(options.next.remote.address);
    const closed = (session: DialogSession) => {
      if (this.#phase === 'over' && (this.#session === session || this.#session === undefined)) this.#over();
    };
    const { remote, transport, name } = options.next;
    const proof = proofFor(core, options.authenticate, { transport, local: remote, remote });
    const { terms, to: target } = options;
    this.#terms = terms ?? core.session;
    this.#tries = new InviteTries(core, options, this.#terms, proof);
    this.#early = new EarlyDialogs({
      ...{ core, localTag: this.#tag, name, target, handler, terms, proof, closed },
    });
  }

  /** Is the call counted as a dialog already? */
  get inDialog(): boolean {
    return this.#phase === 'over' || this.#early.size > 0;
  }

  /** Sends the INVITE. What goes wrong at once is told later, so that the caller has got its object by then. */
  start(): void {
    const { to, from, next } = this.#options;
    const flow = this.#core.openFlow(next);
    if (!parseUri(to).ok || parseAddress(from) === undefined) this.#failSoon('invalid To or From');
    else if (flow === undefined) this.#failSoon('no way to the next hop');
    else {
      this.#flow = flow;
      this.#tries.begin();
      this.#send(flow);
    }
  }

  #send(flow: Flow): void {
    const { contactUser, reliable } = this.#terms;
    const secure = /^sips:/i.test(this.#options.to);
    const contact = contactValue(this.#core.contact(flow), flow, secure, contactUser);
    const headers: ExtraHeaders = [
      ['Contact', contact],
      ...capabilitiesOf(this.#terms),
      ...(reliable === 'required' ? [['Require', '100rel'] as const] : []),
      ...this.#tries.session,
      ...safeExtras(this.#options.headers),
      ...this.#tries.credentials,
    ];
    const attempt = this.#attempt;
    const bytes = this.#build('INVITE', attempt, undefined, headers, this.#options.sdp);
    const request = { method: 'INVITE', branch: attempt.branch, bytes, flow };
    const ack = (response: SipResponse) => this.#build('ACK', attempt, response);
    this.#core.start(
      { ...request, ack },
      {
        response: (response) => {
          if (attempt === this.#attempt) this.#responded(response);
        },
        failed: (why) => {
          if (attempt === this.#attempt)
            this.#finish(why === 'timeout' ? { by: 'timeout' } : { by: 'transport', detail: why });
        },
        over: () => {
          if (attempt === this.#attempt) this.#acks.clear();
        },
      },
    );
  }

  cancel(): void {
    if (this.#session !== undefined) this.#session.bye();
    else if (this.#phase !== 'over') {
      this.#cancelled = true;
      // Section 9.1: not before a provisional response.
      if (this.#phase === 'ringing') this.#sendCancel();
    }
  }

  bye(headers?: ExtraHeaders): void {
    if (this.#session === undefined) this.cancel();
    else this.#session.bye(headers);
  }

  request(
    method: string,
    contentType: string,
    body: Uint8Array,
    onFinal: OnFinal,
    options?: InDialogOptions,
  ): void {
    if (this.#session === undefined) this.#core.guard(() => onFinal(481));
    else this.#session.request(method, contentType, body, onFinal, options);
  }

  get dialog(): DialogNames | undefined {
    return this.#session?.names;
  }

  allows(method: string): boolean | undefined {
    return this.#session?.dialog.allowed?.includes(method);
  }

  reoffer(handler: ReofferHandler, method: ReofferMethod = 'INVITE'): void {
    const session = this.#session ?? this.#early.first;
    if (session === undefined) this.#core.guard(() => handler.refused(481));
    else session.reoffer(handler, method);
  }

  #responded(response: SipResponse): void {
    const { status } = response;
    if (status < 200) this.#progressed(response);
    else if (status < 300) {
      this.#tries.accepted(response);
      this.#accepted(response);
    } else if (!this.#sentAgain(response)) {
      const reason = reasonOf(response.headers);
      const contacts = status < 400 ? { contacts: response.headers.all('contact') } : {};
      this.#finish({ by: 'rejected', status, phrase: response.phrase, reason, ...contacts });
    }
  }

  /** The same call under a new branch and number, if that is of use. */
  #sentAgain(response: SipResponse): boolean {
    const flow = this.#flow;
    if (flow === undefined || this.#cancelled || this.#phase === 'over') return false;
    if (!this.#tries.refused(response)) return false;
    this.#early.close();
    this.#attempt = { branch: newBranch(this.#core.random), cseq: this.#attempt.cseq + 1 };
    this.#phase = 'calling';
    this.#send(flow);
    return true;
  }

  #progressed(response: SipResponse): void {
    const flow = this.#flow;
    if (this.#phase === 'over' || flow === undefined) return;
    this.#phase = 'ringing';
    this.#core.guard(() => this.#handler.trying?.());
    if (this.#cancelled) this.#sendCancel();
    else if (response.status > 100 && this.#early.acknowledge(response, flow) && response.status >= 180) {
      const { status, headers } = response;
      this.#core.guard(() => this.#handler.progressed(status, sdpOf(response), headerReader(headers)));
    }
  }

  #accepted(response: SipResponse): void {
    const tag = response.to.params.get('tag') ?? '';
    const known = this.#acks.get(tag);
    if (known !== undefined) {
      this.#core.send(known.bytes, known.flow);
      return;
    }
    if (this.#flow === undefined || this.#acks.size === MAX_FORKS) return;
    const first = this.#phase !== 'over' && !this.#cancelled;
    const session = this.#early.confirm(response, this.#flow);
    const { dialog } = session;
    const flow = flowFor(this.#core, dialog) ?? this.#flow;
    // Section 13.2.2.4: an ACK of a 2xx has a branch of its own, the INVITE's number and its credentials.
    const branch = newBranch(this.#core.random);
    const ack = { method: 'ACK', cseq: response.cseq.number, branch, headers: this.#tries.credentials };
    const bytes = buildInDialog(this.#core, dialog, flow, ack);
    this.#acks.set(tag, { flow, bytes });
    this.#core.send(bytes, flow);
    session.accepted(response);
    this.#core.timers.cancel(this.#deadline);
    this.#phase = 'over';
    if (first) {
      this.#session = session;
      this.#early.close();
      this.#core.guard(() => this.#handler.answered(sdpOf(response), headerReader(response.headers)));
    } else {
      // The 2xx of another fork, or one that crossed our CANCEL: acknowledged above, and ended.
      session.bye();
    }
  }

  /** A final failure, unless the owner has ended the call itself and so wants to hear nothing. */
  #finish(end: SipEnd): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#early.close();
    this.#over();
    if (!this.#cancelled) this.#core.guard(() => this.#handler.ended(end));
  }

  #over(): void {
    this.#core.timers.cancel(this.#deadline);
    this.#release();
    this.#onEnd(this);
  }

  #failSoon(detail: string): void {
    this.#deadline = this.#core.after(0, () => this.#finish({ by: 'transport', detail }));
  }

  #sendCancel(): void {
    const flow = this.#flow;
    if (this.#cancelSent || flow === undefined) return;
    this.#cancelSent = true;
    const { branch } = this.#attempt;
    const bytes = this.#build('CANCEL', this.#attempt);
    const request = { method: 'CANCEL', branch, bytes, flow };
    this.#core.start(request, { response() {}, failed() {} });
    // Section 9.1: no final response in 64 T1 means that there will be none.
    this.#deadline = this.#core.after(64 * this.#core.timing(flow).t1, () => {
      this.#core.giveUp(branch, 'INVITE');
    });
  }

  /** INVITE, or its CANCEL or hop-by-hop ACK, which have its Request-URI, branch and number (sections 9.1, 17.1.1.3). */
  #build(
    method: string,
    { branch, cseq }: Attempt,
    answered?: SipResponse,
    headers: ExtraHeaders = [],
    body?: Uint8Array,
  ): Uint8Array {
    const { to, from } = this.#options;
    const flow = this.#flow!;
    const lines: HeaderLine[] = [
      ['Via', formatVia(flow.transport, this.#core.contact(flow), branch)],
      ['Max-Forwards', '70'],
      ['From', `${from.includes('<') ? from : `<${from}>`};tag=${this.#tag}`],
      ['To', answered?.headers.get('to') ?? `<${to}>`],
      ['Call-ID', this.callId],
      ['CSeq', `${cseq} ${method}`],
      ...headers,
      ['User-Agent', this.#core.userAgent],
    ];
    if (body !== undefined && body.length > 0) lines.push(['Content-Type', 'application/sdp']);
    return writeRequest(method, to, lines, body);
  }
}
