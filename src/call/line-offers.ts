import type { AudioAgreement } from '../sdp/phone-answer.ts';
import type { Direction } from '../sdp/phone-description.ts';
import type { OfferSettlement, ReofferHandler, SipCall, SipRequestInfo } from '../sip/ports.ts';
import { type EndingCause, refusalStatus } from './ending.ts';
import type { LineEnds } from './line-ends.ts';
import type { Negotiation } from './negotiation.ts';

/** Hears of each offer that has its answer. */
interface AgreedLine {
  agreed(agreement: AudioAgreement): void;
}

/** Offers in a call's dialog, theirs and ours: re-INVITE, UPDATE, hold, refresh. What fails leaves the call as it was. */
export class LineOffers {
  readonly #negotiation: Negotiation;
  readonly #ends: LineEnds;
  readonly #line: AgreedLine;
  #dialog: Pick<SipCall, 'reoffer'> | undefined;

  constructor(negotiation: Negotiation, ends: LineEnds, line: AgreedLine) {
    this.#negotiation = negotiation;
    this.#ends = ends;
    this.#line = line;
  }

  /** There is a dialog, in which offers of ours can be made: the hold, too, that somebody asked for before. */
  established(dialog: Pick<SipCall, 'reoffer'>): void {
    this.#dialog = dialog;
    if (this.#negotiation.holding) this.hold();
  }

  /** The call is over: nothing more is offered. */
  close(): void {
    this.#dialog = undefined;
  }

  /**
   * Puts the phone on hold: the room hears nothing of it, and it nothing of the room. RTP goes on to it (RFC 3264 section 8.4), for
   * carriers and NATs take silence on the wire for the end of a call.
   */
  hold(): void {
    this.#want('sendonly');
  }

  /** Takes the phone back from our own hold; its own, if there is one, it must end itself. */
  resume(): void {
    this.#want('sendrecv');
  }

  /** An offer of the phone. */
  received(request: SipRequestInfo, offer: Uint8Array | undefined, settle: OfferSettlement): void {
    const negotiation = this.#negotiation;
    const { remote } = request.flow;
    if (negotiation.busy) {
      settle.reject(491);
      return;
    }
    if (offer === undefined) {
      // A late-offer re-INVITE gets our full current offer (RFC 3261 section 14.2).
      settle.accept(negotiation.offer(this.#ends.announced(remote)));
      return;
    }
    const planned = negotiation.plan(offer);
    if (!planned.ok) {
      settle.reject(refusalStatus(planned.error));
      return;
    }
    const { agreement } = planned.value.plan;
    if (!this.#ends.mayReach(agreement, remote)) {
      negotiation.refused();
      settle.reject(refusalStatus('bad-media-address'));
      return;
    }
    settle.accept(negotiation.answer(planned.value, this.#ends.announced(remote, agreement.remote)));
    this.#line.agreed(agreement);
  }

  /** The far end's answer to an offer of ours that went out in a 2xx; the fault when it is of no use. */
  answered(answer: Uint8Array | undefined): EndingCause | undefined {
    if (!this.#negotiation.offering) return undefined;
    const agreed = this.#negotiation.accept(answer);
    if (!agreed.ok) return agreed.error;
    this.#line.agreed(agreed.value);
    return undefined;
  }

  /** A session refresh by re-INVITE says what stands already (RFC 4028 section 7.4). */
  refresh(): ReofferHandler {
    return this.#offering(() => this.#negotiation.repeat(this.#ends.announced()));
  }

  #want(direction: Direction): void {
    this.#negotiation.want(direction);
    this.#dialog?.reoffer(this.#offering(() => this.#negotiation.offer(this.#ends.announced())));
  }

  /** An offer of ours in the dialog; refused, it leaves the call as it was. */
  #offering(offer: () => Uint8Array | undefined): ReofferHandler {
    const negotiation = this.#negotiation;
    // Another one may be open when this one is refused without having been made.
    let isOpen = false;
    const close = () => {
      if (isOpen && negotiation.offering) negotiation.refused();
      isOpen = false;
    };
    return {
      offer: () => {
        const sdp = negotiation.busy ? undefined : offer();
        isOpen = sdp !== undefined;
        return sdp;
      },
      postponed: close,
      accepted: (answer) => {
        const agreed = negotiation.accept(answer);
        if (agreed.ok) this.#line.agreed(agreed.value);
      },
      refused: close,
    };
  }
}
