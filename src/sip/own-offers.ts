/**
 * Our offers in one dialog (RFC 3261 section 14.1, RFC 3311 section 5.1): one at a time, kept until its turn comes, and sent again
 * after glare.
 */
import type { Alarm } from '../base/wake-queue.ts';
import { sdpOf } from './body.ts';
import type { SipCore } from './core.ts';
import type { SipResponse } from './message.ts';
import type { OwnOfferEnd } from './own-offer.ts';
import type { ReofferHandler, ReofferMethod } from './ports.ts';

/** An offer that meets glare again and again is given up. */
const MAX_TRIES = 5;

/** The dialog that the offers are of. */
export interface OwnOffersHost {
  readonly core: Pick<SipCore, 'timers' | 'random' | 'guard' | 'after'>;
  /** We made the call and so own its Call-ID, which decides who waits longer after glare. */
  readonly caller: boolean;
  /** May an offer of ours go out, as far as theirs and the dialog's state are concerned? */
  mayOffer(method: ReofferMethod): boolean;
  /** Sends it; `onFinal` is called once, for a 2xx after the ACK has gone. */
  send(method: ReofferMethod, sdp: Uint8Array, onFinal: OwnOfferEnd): void;
  /** A 2xx came, with what it says about the session. */
  accepted(response: SipResponse): void;
  /** Is what was refused so to be sent once more with what has been learnt (RFC 4028 section 7.3)? */
  mayTryAgain(response: SipResponse | undefined): boolean;
  /** Section 12.2.1.2: the far end has forgotten the dialog, or has gone. */
  lost(status: number, method: string): void;
}

interface Own {
  readonly method: ReofferMethod;
  readonly handler: ReofferHandler;
  tries: number;
}

export class OwnOffers {
  readonly #host: OwnOffersHost;
  #underWay: Own | undefined;
  #waiting: Own | undefined;
  #glare: Alarm | undefined;

  constructor(host: OwnOffersHost) {
    this.#host = host;
  }

  /** Is one without an answer? */
  get isUnderWay(): boolean {
    return this.#underWay !== undefined;
  }

  /** Is one under way, or waiting for its turn? */
  get isBusy(): boolean {
    return this.#underWay !== undefined || this.#waiting !== undefined;
  }

  /** Sends an offer as soon as none is open. */
  reoffer(handler: ReofferHandler, method: ReofferMethod): void {
    if (this.#waiting !== undefined) this.#host.core.guard(() => handler.refused(491));
    else {
      this.#waiting = { method, handler, tries: 0 };
      this.proceed();
    }
  }

  /** Sends what waits, if nothing is in its way any more. */
  proceed(): void {
    const next = this.#waiting;
    if (next === undefined || this.#glare !== undefined || this.#underWay !== undefined) return;
    if (!this.#host.mayOffer(next.method)) return;
    const { core } = this.#host;
    this.#waiting = undefined;
    let sdp: Uint8Array | undefined;
    core.guard(() => {
      sdp = next.handler.offer();
    });
    if (sdp === undefined) {
      core.guard(() => next.handler.refused(491));
      return;
    }
    this.#underWay = next;
    next.tries++;
    this.#host.send(next.method, sdp, (status, response) => this.#ended(next, status, response));
  }

  /** The dialog ends: what is under way or waits is given up. */
  stop(): void {
    const { core } = this.#host;
    core.timers.cancel(this.#glare);
    const given = [this.#underWay, this.#waiting];
    this.#underWay = undefined;
    this.#waiting = undefined;
    for (const own of given) if (own !== undefined) core.guard(() => own.handler.refused(481));
  }

  #ended(own: Own, status: number, response: SipResponse | undefined): void {
    // The dialog ended meanwhile, and with it this.
    if (this.#underWay !== own) return;
    this.#underWay = undefined;
    const { core } = this.#host;
    if (response !== undefined && status < 300) {
      this.#host.accepted(response);
      core.guard(() => own.handler.accepted(sdpOf(response)));
    } else if (this.#isTriedAgain(own, status, response)) {
      this.#waiting = own;
      core.guard(() => own.handler.postponed());
    } else {
      core.guard(() => own.handler.refused(status));
      if (status === 481 || status === 408) this.#host.lost(status, own.method);
    }
    this.proceed();
  }

  #isTriedAgain(own: Own, status: number, response: SipResponse | undefined): boolean {
    if (own.tries === MAX_TRIES || this.#waiting !== undefined) return false;
    if (status !== 491) return own.tries < 2 && this.#host.mayTryAgain(response);
    this.#waitOutGlare();
    return true;
  }

  /** Section 14.1: who made the call waits longer. */
  #waitOutGlare(): void {
    const { caller, core } = this.#host;
    const units = caller ? 210 + (core.random.u32() % 191) : core.random.u32() % 201;
    this.#glare = core.after(10 * units, () => {
      this.#glare = undefined;
      this.proceed();
    });
  }
}
