/** A re-INVITE or UPDATE of ours (RFC 3261 section 14.1, RFC 3311 section 5.1), from its sending to its final answer. */
import type { Alarm } from '../base/wake-queue.ts';
import { Challenges, type Provable } from './challenges.ts';
import type { SipCore } from './core.ts';
import { buildInDialog, type Dialog, flowFor, ownContact, provable, refreshTarget } from './dialog.ts';
import { newBranch } from './ids.ts';
import type { SipResponse } from './message.ts';
import type { ExtraHeaders, Flow } from './ports.ts';
import { capabilitiesOf } from './terms.ts';

/** A re-INVITE without a final answer is cancelled after so long, ms: nobody rings in an established call. */
const PATIENCE = 60_000;

export interface OwnOffer {
  readonly method: 'INVITE' | 'UPDATE';
  /** Undefined: an UPDATE that only refreshes. */
  readonly sdp: Uint8Array | undefined;
  readonly headers: ExtraHeaders;
}

/** How it ended. `status` 408 for a time-out, 503 for a failed transport (section 8.1.3.1); those have no response. */
export type OwnOfferEnd = (status: number, response: SipResponse | undefined) => void;

/** Sends the request; `onFinal` is called once, for a 2xx after the ACK has gone. */
export function sendOwnOffer(core: SipCore, dialog: Dialog, offer: OwnOffer, onFinal: OwnOfferEnd): void {
  const flow = flowFor(core, dialog);
  if (flow === undefined) {
    onFinal(503, undefined);
    return;
  }
  new Sending(core, dialog, flow, offer, onFinal).start();
}

/** One sending of the request: it goes out again, under a new branch and number, when it was challenged. */
interface Attempt {
  readonly branch: string;
  readonly cseq: number;
  readonly credentials: ExtraHeaders;
}

class Sending {
  readonly #core: SipCore;
  readonly #dialog: Dialog;
  readonly #flow: Flow;
  readonly #offer: OwnOffer;
  readonly #onFinal: OwnOfferEnd;
  readonly #challenges: Challenges;
  #attempt: Attempt;
  #patience: Alarm | undefined;
  #ack: { readonly flow: Flow; readonly bytes: Uint8Array } | undefined;
  #cancelled = false;
  #done = false;

  constructor(core: SipCore, dialog: Dialog, flow: Flow, offer: OwnOffer, onFinal: OwnOfferEnd) {
    this.#core = core;
    this.#dialog = dialog;
    this.#flow = flow;
    this.#offer = offer;
    this.#onFinal = onFinal;
    this.#challenges = new Challenges(dialog.proof);
    this.#attempt = this.#next(this.#challenges.ahead(this.#provable()));
  }

  start(): void {
    if (this.#offer.method === 'INVITE') this.#patience = this.#core.after(PATIENCE, () => this.#cancel());
    this.#send();
  }

  #send(): void {
    const { method, sdp, headers } = this.#offer;
    const attempt = this.#attempt;
    const bytes = this.#build(method, {
      contact: ownContact(this.#core, this.#dialog, this.#flow),
      headers: [
        ...capabilitiesOf(this.#dialog.terms ?? this.#core.session),
        ...headers,
        ...attempt.credentials,
      ],
      body: sdp,
    });
    const request = { method, branch: attempt.branch, bytes, flow: this.#flow };
    // Section 17.1.1.3: the ACK of a failure has its INVITE's branch and number.
    const ack = method === 'INVITE' ? { ack: () => this.#build('ACK', {}, attempt) } : {};
    this.#core.start(
      { ...request, ...ack },
      {
        response: (response) => {
          if (attempt === this.#attempt) this.#responded(response);
        },
        failed: (why) => {
          if (attempt === this.#attempt) this.#finish(why === 'timeout' ? 408 : 503, undefined);
        },
      },
    );
  }

  #responded(response: SipResponse): void {
    const { status } = response;
    if (status < 200 || this.#challenged(response)) return;
    if (status < 300 && this.#offer.method === 'INVITE') this.#acknowledge(response);
    else if (status < 300 && !this.#done) refreshTarget(this.#dialog, response);
    this.#finish(status, response);
  }

  /** RFC 3261 section 22.2: once more with credentials, under a new number. */
  #challenged({ status, headers }: SipResponse): boolean {
    if (this.#done || this.#cancelled) return false;
    const credentials = this.#challenges.answer(status, headers, this.#provable());
    if (credentials === undefined) return false;
    this.#attempt = this.#next(credentials);
    this.#send();
    return true;
  }

  /** Section 13.2.2.4: every 2xx is acknowledged, the same one with the same ACK, with the credentials of the INVITE. */
  #acknowledge(response: SipResponse): void {
    const { random } = this.#core;
    if (this.#ack === undefined) {
      refreshTarget(this.#dialog, response);
      const flow = flowFor(this.#core, this.#dialog) ?? this.#flow;
      const { cseq, credentials } = this.#attempt;
      const ack = { method: 'ACK', cseq, branch: newBranch(random), headers: credentials };
      this.#ack = { flow, bytes: buildInDialog(this.#core, this.#dialog, flow, ack) };
    }
    this.#core.send(this.#ack.bytes, this.#ack.flow);
  }

  #finish(status: number, response: SipResponse | undefined): void {
    if (this.#done) return;
    this.#done = true;
    this.#core.timers.cancel(this.#patience);
    this.#onFinal(status, response);
  }

  #cancel(): void {
    const { branch } = this.#attempt;
    const request = { method: 'CANCEL', branch, bytes: this.#build('CANCEL', {}), flow: this.#flow };
    this.#cancelled = true;
    this.#core.start(request, { response() {}, failed() {} });
    // Section 9.1: no final response in 64 T1 means that there will be none.
    this.#patience = this.#core.after(64 * this.#core.timing(this.#flow).t1, () => {
      this.#core.giveUp(branch, 'INVITE');
    });
  }

  #next(credentials: ExtraHeaders): Attempt {
    return { branch: newBranch(this.#core.random), cseq: ++this.#dialog.localSeq, credentials };
  }

  #provable(): Provable {
    return provable(this.#dialog, this.#flow, this.#offer.method, this.#offer.sdp);
  }

  #build(
    method: string,
    parts: { contact?: string; headers?: ExtraHeaders; body?: Uint8Array | undefined },
    { branch, cseq }: Attempt = this.#attempt,
  ): Uint8Array {
    const request = { method, branch, cseq, ...parts };
    return buildInDialog(this.#core, this.#dialog, this.#flow, request);
  }
}
