/** Takes each request that the server hands over to whom it belongs (RFC 3261 sections 8.2 and 12.2.2): dialog, call, or a new call. */
import { utf8 } from '../../base/bytes.ts';
import type { SipRequest } from '../../sip/message.ts';
import { parseAddress } from '../../sip/name-addr.ts';
import type { ParseFault } from '../../sip/parse-message.ts';
import type { Admission, Authorize, Flow, IncomingInvite, SipUri } from '../../sip/ports.ts';
import { requestInfo } from '../../sip/request-info.ts';
import { RETRY_LATER } from '../../sip/responses.ts';
import { CAPABILITIES, screenInitial } from '../../sip/screening.ts';
import { tooShort } from '../../sip/session-timer.ts';
import type { SourceRate } from '../../sip/source-rate.ts';
import type { DialogEntry, DrachtioCore } from './core.ts';
import { IncomingCall, mergeKeyOf } from './incoming-call.ts';
import { readMessage } from './messages.ts';
import type { ServedRequest } from './srf.ts';

export interface DeskOptions {
  readonly rate: SourceRate;
  readonly maxCalls: number;
  readonly admission: Admission;
  readonly overloaded: () => boolean;
  readonly observe: (way: 'in' | 'out', bytes: Uint8Array, flow: Flow) => void;
  readonly onInvite: (invite: IncomingInvite) => void;
  readonly calls: () => number;
}

export class RequestDesk {
  /** As `sip/request-router.ts` has it. */
  phase: 'open' | 'draining' | 'stopping' = 'open';
  authorize: Authorize | undefined;
  readonly #core: DrachtioCore;
  readonly #options: DeskOptions;
  /** What came and has no final answer of ours. */
  readonly #unanswered = new Set<ServedRequest>();
  #strained = false;

  constructor(core: DrachtioCore, options: DeskOptions) {
    this.#core = core;
    this.#options = options;
  }

  get unanswered(): number {
    return this.#unanswered.size;
  }

  /** The connection on which they came is gone. */
  forgetUnanswered(): void {
    this.#unanswered.clear();
  }

  take(served: ServedRequest): void {
    const { flow, dialogId } = served;
    const parsed = readMessage(served.text);
    const message = parsed.ok && parsed.value.kind === 'request' ? parsed.value : undefined;
    const dialog = message === undefined ? undefined : this.#dialogOf(dialogId, message);
    if (!served.unsolicited && !this.#admits(served, message, dialog)) return;
    this.#options.observe(served.unsolicited ? 'out' : 'in', utf8(served.text), flow);
    const request = served.unsolicited ? served : this.#watched(served);
    if (message !== undefined) this.#route(request, message, dialog);
    else if (!parsed.ok) this.#malformed(request, parsed.error);
  }

  #dialogOf(dialogId: string, message: SipRequest): DialogEntry | undefined {
    const known = dialogId === '' ? undefined : this.#core.dialogs.get(dialogId);
    if (known !== undefined || !message.to.params.has('tag')) return known;
    // The server has a name for every dialog that is established.
    return this.#core.early.get(message.callId)?.session;
  }

  /**
   * By the source alone. A stranger gets no answer of ours; the server has said 100 to its INVITE, and forgets it soon. A BYE ends the dialog
   * in the server before we see it: it is heard whoever sent it.
   */
  #admits(served: ServedRequest, message: SipRequest | undefined, dialog: DialogEntry | undefined): boolean {
    const { flow } = served;
    const { rate, admission } = this.#options;
    const isPeer = dialog !== undefined && this.#core.isPeer(flow, dialog.flow);
    if (!isPeer && admission(flow) !== 'admit') {
      this.#core.drop(dialog === undefined ? 'not-admitted' : 'foreign-source', flow);
      if (dialog !== undefined && message?.method === 'BYE') return true;
      this.#forget(served, message);
      return false;
    }
    const verdict = rate.take(flow.remote.address, this.#core.clock.now());
    this.#strained = verdict === 'strained' || this.#options.overloaded();
    if (verdict !== 'over' || dialog !== undefined) return true;
    this.#core.drop('rate', flow);
    this.#forget(served, message);
    return false;
  }

  #route(request: ServedRequest, message: SipRequest, dialog: DialogEntry | undefined): void {
    const { flow } = request;
    if (dialog !== undefined) {
      const foreign =
        !request.unsolicited && !this.#core.isPeer(flow, dialog.flow) && message.method !== 'BYE';
      if (!foreign) dialog.receive(request, message);
      else {
        this.#core.drop('foreign-source', flow);
        request.respond(481);
      }
    } else if (message.method === 'ACK') this.#core.drop('stray-ack', flow);
    else if (request.unsolicited) return;
    else if (message.to.params.has('tag')) request.respond(481);
    else this.#initial(request, message);
  }

  #initial(request: ServedRequest, message: SipRequest): void {
    const earlier = message.method === 'INVITE' ? this.#core.early.get(message.callId) : undefined;
    // Section 8.2.2.2: the same request by another way.
    if (earlier !== undefined) {
      const merged = earlier instanceof IncomingCall && earlier.mergeKey === mergeKeyOf(message);
      request.respond(merged ? 482 : 500);
      return;
    }
    // Any answer to it ends the server's process (0.9.5); without one it is forgotten there.
    if (message.method === 'INVITE' && !isReachable(message)) {
      this.#core.drop('header-syntax', request.flow);
      this.#forget(request, message);
      return;
    }
    if (message.method === 'INVITE' && this.#overloaded()) {
      request.respond(503, { headers: RETRY_LATER });
      return;
    }
    const screened = screenInitial(message);
    if (!screened.ok) request.respond(screened.error.status, { headers: screened.error.headers });
    else if (message.method === 'OPTIONS') this.#answerOptions(request);
    else this.#invite(request, message, screened.value);
  }

  #answerOptions(request: ServedRequest): void {
    if (this.phase === 'open') request.respond(200, { headers: CAPABILITIES });
    else request.respond(503, { headers: [...CAPABILITIES, ...RETRY_LATER] });
  }

  #invite(request: ServedRequest, message: SipRequest, uri: SipUri): void {
    const refused = this.#unauthorized(request, message, uri);
    const short = tooShort(message, this.#core.session);
    if (refused !== undefined) request.respond(refused.status, { headers: refused.headers });
    else if (short !== undefined) request.respond(422, { headers: short });
    else {
      const call = new IncomingCall(this.#core, request, message, uri);
      this.#core.guard(() => this.#options.onInvite(call));
      call.claim();
      // A call that nobody took would ring for ever: the application failed.
      if (!call.taken) call.reject(500);
    }
  }

  /** An application that fails lets nobody in. */
  #unauthorized(request: ServedRequest, message: SipRequest, uri: SipUri): ReturnType<Authorize> {
    if (this.authorize === undefined) return undefined;
    let refused: ReturnType<Authorize> = { status: 500, headers: [] };
    this.#core.guard(() => {
      refused = this.authorize?.(requestInfo(message, uri, request.flow));
    });
    return refused;
  }

  #forget(request: ServedRequest, message: SipRequest | undefined): void {
    this.#unanswered.delete(request);
    request.forget(message?.callId ?? '');
  }

  #overloaded(): boolean {
    return this.phase === 'stopping' || this.#strained || this.#options.calls() >= this.#options.maxCalls;
  }

  /** Counts a message that is none for us, though the server took it for one, and answers it. */
  #malformed(request: ServedRequest, fault: ParseFault): void {
    this.#core.drop(fault.reason, request.flow);
    if (fault.method !== 'ACK') request.respond(fault.status);
  }

  #watched(served: ServedRequest): ServedRequest {
    if (served.method === 'ACK') return served;
    const watched: ServedRequest = {
      ...served,
      respond: (status, parts, done) => {
        if (status >= 200) this.#unanswered.delete(watched);
        served.respond(status, parts, done);
      },
      onCancel: (cancelled) =>
        served.onCancel((text) => {
          this.#unanswered.delete(watched);
          cancelled(text);
        }),
    };
    this.#unanswered.add(watched);
    return watched;
  }
}

/** RFC 3261 section 12.1.1: the Contact of an INVITE is a SIP URI. None at all is let pass. */
function isReachable({ headers }: SipRequest): boolean {
  const contact = headers.get('contact');
  if (contact === undefined) return true;
  const uri = parseAddress(headers.all('contact')[0] ?? '')?.uri;
  return uri !== undefined && uri.scheme !== 'tel' && uri.host !== '';
}
