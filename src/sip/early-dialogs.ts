/** The early dialogs of an INVITE of ours whose responses must be acknowledged (RFC 3262 section 4), one for each fork. */

import { sdpOf } from './body.ts';
import type { SipTerms } from './call-terms.ts';
import type { Proof } from './challenges.ts';
import type { SipCore } from './core.ts';
import { uacDialog } from './dialog.ts';
import { DialogSession } from './dialog-session.ts';
import { parseNumber } from './grammar.ts';
import type { SipResponse } from './message.ts';
import type { CallHandler, ExtraHeaders, Flow } from './ports.ts';

/** A forking proxy may bring more; the rest is passed over. */
const MAX_FORKS = 8;

export interface EarlyDialogsOptions {
  readonly core: SipCore;
  readonly localTag: string;
  /** Whom the far end must prove to be over TLS; undefined: its address. */
  readonly name: string | undefined;
  /** Request-URI of the INVITE, for a response without Contact. */
  readonly target: string;
  readonly handler: CallHandler;
  /** Their own; undefined: the endpoint's. */
  readonly terms: SipTerms | undefined;
  /** Proves our requests in them. */
  readonly proof: Proof | undefined;
  /** A session left the dialog table. */
  closed(session: DialogSession): void;
}

interface Early {
  readonly session: DialogSession;
  /** Of the last response that was acknowledged. */
  rseq: number;
}

export class EarlyDialogs {
  readonly #options: EarlyDialogsOptions;
  readonly #byTag = new Map<string, Early>();

  constructor(options: EarlyDialogsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#byTag.size;
  }

  /** Any of them: the first that rang. */
  get first(): DialogSession | undefined {
    const [early] = this.#byTag.values();
    return early?.session;
  }

  /**
   * Sends a PRACK for a reliable provisional response, in the order of RSeq. False for one that has been seen, or has overtaken
   * another and will come again. True for any other response, reliable or not.
   */
  acknowledge(response: SipResponse, flow: Flow): boolean {
    const required = response.headers.all('require').some((tag) => tag.toLowerCase() === '100rel');
    const rseq = parseNumber(response.headers.get('rseq') ?? '', 2 ** 32 - 1);
    const tag = response.to.params.get('tag');
    if (!required || rseq === undefined || tag === undefined) return true;
    const known = this.#byTag.get(tag);
    if (known === undefined ? this.#byTag.size === MAX_FORKS : rseq !== known.rseq + 1) return false;
    const early = known ?? { session: this.#session(response, flow, 'progressed'), rseq };
    early.rseq = rseq;
    this.#byTag.set(tag, early);
    if (sdpOf(response) !== undefined) early.session.offers.initial = 'done';
    const headers: ExtraHeaders = [['RAck', `${rseq} ${response.cseq.number} INVITE`]];
    early.session.send('PRACK', { headers }, () => early.session.offers.proceed());
    return true;
  }

  /** The dialog of a 2xx: an early one, whose route set and target it renews (RFC 3261 section 13.2.2.4), or a new one. */
  confirm(response: SipResponse, flow: Flow): DialogSession {
    const { localTag, target, name } = this.#options;
    const tag = response.to.params.get('tag') ?? '';
    const early = this.#byTag.get(tag);
    if (early === undefined) return this.#session(response, flow, 'accepted');
    this.#byTag.delete(tag);
    const { dialog } = early.session;
    const {
      routeSet,
      next,
      target: contact,
      allowed,
    } = uacDialog(response, localTag, { flow, name }, target);
    Object.assign(dialog, { routeSet, next, target: contact, allowed: allowed ?? dialog.allowed });
    return early.session;
  }

  close(): void {
    for (const { session } of [...this.#byTag.values()]) session.close();
    this.#byTag.clear();
  }

  #session(response: SipResponse, flow: Flow, begins: 'progressed' | 'accepted'): DialogSession {
    const { core, localTag, name, target, handler, terms, proof, closed } = this.#options;
    const dialog = uacDialog(response, localTag, { flow, name }, target);
    dialog.proof = proof;
    dialog.terms = terms;
    const release = core.peers.hold(dialog.next?.address ?? flow.remote.address);
    const session: DialogSession = new DialogSession(core, dialog, begins, {
      handler: () => handler,
      // Section 15: a callee may not end an early dialog by BYE. The INVITE's own answer will come.
      endedEarly: () => this.#byTag.delete(dialog.remoteTag),
      closed: () => {
        release();
        closed(session);
      },
    });
    return session;
  }
}
