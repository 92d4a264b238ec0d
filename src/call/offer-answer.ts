import type { AnswerPlan, AudioAgreement } from '../sdp/phone-answer.ts';
import type { PhoneDescription, PhoneMediaLine } from '../sdp/phone-description.ts';
import { answeredLine, type PhoneOffer } from '../sdp/phone-offer.ts';

/** What the session is, as the last complete exchange left it. */
export interface Agreed {
  readonly agreement: AudioAgreement;
  /** The m-lines in their places, and which of them is the audio (RFC 3264 section 8: none ever goes). */
  readonly session: { readonly line: number; readonly lines: readonly PhoneMediaLine[] };
}

/** An offer of the phone that was understood, and what we would make of it. */
export interface PlannedAnswer {
  readonly offer: PhoneDescription;
  readonly plan: AnswerPlan;
}

/**
 * Where a call's offer/answer stands (RFC 3264 section 4, RFC 6337 section 2), pure. One offer at a time; `agreed`
 * changes with a complete exchange only, so that one which fails leaves the session as it was (RFC 6141 section 3.1).
 *
 *                  our offer                their answer, with what it agrees on
 *             +-----------------> local-offer ------------------+
 *          stable                      | refused                V
 *             ^------------------------+-------------------- stable
 *             |                        | refused                ^
 *             +-----------------> remote-offer -----------------+
 *                  their offer                 our answer
 */
export type OfferAnswer =
  | { readonly phase: 'stable'; readonly agreed: Agreed | undefined }
  | { readonly phase: 'local-offer'; readonly offer: PhoneOffer; readonly agreed: Agreed | undefined }
  | { readonly phase: 'remote-offer'; readonly planned: PlannedAnswer; readonly agreed: Agreed | undefined };

export type OfferAnswerInput =
  | { readonly type: 'we-offer'; readonly offer: PhoneOffer }
  | { readonly type: 'they-offer'; readonly planned: PlannedAnswer }
  | { readonly type: 'we-answer' }
  | { readonly type: 'they-answer'; readonly agreement: AudioAgreement; readonly answer: PhoneDescription }
  /** The request or response that carried the offer failed, or the answer was no use. */
  | { readonly type: 'refused' };

export const nothingAgreed: OfferAnswer = { phase: 'stable', agreed: undefined };

/** What `input` makes of `state`; undefined when it has no place there, such as an offer while another is open. */
export function stepOfferAnswer(state: OfferAnswer, input: OfferAnswerInput): OfferAnswer | undefined {
  const { agreed } = state;
  switch (input.type) {
    case 'we-offer':
      return state.phase === 'stable' ? { phase: 'local-offer', offer: input.offer, agreed } : undefined;
    case 'they-offer':
      return state.phase === 'stable' ? { phase: 'remote-offer', planned: input.planned, agreed } : undefined;
    case 'we-answer': {
      if (state.phase !== 'remote-offer') return undefined;
      const { offer, plan } = state.planned;
      return stable(plan.agreement, plan.line, offer.lines);
    }
    case 'they-answer':
      if (state.phase !== 'local-offer') return undefined;
      return stable(input.agreement, answeredLine(state.offer, input.answer), input.answer.lines);
    case 'refused':
      return state.phase === 'stable' ? undefined : { phase: 'stable', agreed };
  }
}

function stable(agreement: AudioAgreement, line: number, lines: readonly PhoneMediaLine[]): OfferAnswer {
  return { phase: 'stable', agreed: { agreement, session: { line, lines } } };
}
