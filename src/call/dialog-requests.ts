import type { SipRequestInfo } from '../sip/ports.ts';

/** The status that a request of the far end in a call's dialog gets: neither BYE nor offers, those go elsewhere. */
export function answerInDialog({ method }: SipRequestInfo): number {
  switch (method) {
    case 'REFER':
      // Nobody is transferred on a phone's word.
      return 603;
    case 'INFO':
      return 415;
    default:
      return 405;
  }
}
