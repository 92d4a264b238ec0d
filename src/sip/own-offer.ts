/** A re-INVITE or UPDATE of ours (RFC 3261 section 14.1, RFC 3311 section 5.1), from its sending to its final answer. */
import type { Alarm } from '../base/wake-queue.ts';
import type { SipCore } from './core.ts';
import { buildInDialog, type Dialog, flowFor, refreshTarget } from './dialog.ts';
import { contactValue, newBranch } from './ids.ts';
import type { SipResponse } from './message.ts';
import type { ExtraHeaders, Flow } from './ports.ts';
import { CAPABILITIES } from './screening.ts';

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

class Sending {
  readonly #core: SipCore;
  readonly #dialog: Dialog;
  readonly #flow: Flow;
  readonly #offer: OwnOffer;
  readonly #onFinal: OwnOfferEnd;
  readonly #branch: string;
  readonly #cseq: number;
  #patience: Alarm | undefined;
  #ack: { readonly flow: Flow; readonly bytes: Uint8Array } | undefined;
  #done = false;

  constructor(core: SipCore, dialog: Dialog, flow: Flow, offer: OwnOffer, onFinal: OwnOfferEnd) {
    this.#core = core;
    this.#dialog = dialog;
    this.#flow = flow;
    this.#offer = offer;
    this.#onFinal = onFinal;
    this.#branch = newBranch(core.random);
    this.#cseq = ++dialog.localSeq;
  }

  start(): void {
    const { method, sdp, headers } = this.#offer;
    const bytes = this.#build(method, {
      contact: contactValue(this.#core.contact(this.#flow), this.#flow, this.#dialog.secure),
      headers: [...CAPABILITIES, ...headers],
      body: sdp,
    });
    const request = { method, branch: this.#branch, bytes, flow: this.#flow };
    // Section 17.1.1.3: the ACK of a failure has its INVITE's branch and number.
    const ack = method === 'INVITE' ? { ack: () => this.#build('ACK', {}) } : {};
    if (method === 'INVITE') this.#patience = this.#core.after(PATIENCE, () => this.#cancel());
    this.#core.start(
      { ...request, ...ack },
      {
        response: (response) => this.#responded(response),
        failed: (why) => this.#finish(why === 'timeout' ? 408 : 503, undefined),
      },
    );
  }

  #responded(response: SipResponse): void {
    const { status } = response;
    if (status < 200) return;
    if (status < 300 && this.#offer.method === 'INVITE') this.#acknowledge(response);
    else if (status < 300 && !this.#done) refreshTarget(this.#dialog, response);
    this.#finish(status, response);
  }

  /** Section 13.2.2.4: every 2xx is acknowledged, the same one with the same ACK. */
  #acknowledge(response: SipResponse): void {
    const { random } = this.#core;
    if (this.#ack === undefined) {
      refreshTarget(this.#dialog, response);
      const flow = flowFor(this.#core, this.#dialog) ?? this.#flow;
      const ack = { method: 'ACK', cseq: this.#cseq, branch: newBranch(random) };
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
    const request = {
      method: 'CANCEL',
      branch: this.#branch,
      bytes: this.#build('CANCEL', {}),
      flow: this.#flow,
    };
    this.#core.start(request, { response() {}, failed() {} });
    // Section 9.1: no final response in 64 T1 means that there will be none.
    this.#patience = this.#core.after(64 * this.#core.timing(this.#flow).t1, () => {
      this.#core.giveUp(this.#branch, 'INVITE');
    });
  }

  #build(
    method: string,
    parts: { contact?: string; headers?: ExtraHeaders; body?: Uint8Array | undefined },
  ): Uint8Array {
    const request = { method, branch: this.#branch, cseq: this.#cseq, ...parts };
    return buildInDialog(this.#core, this.#dialog, this.#flow, request);
  }
}
