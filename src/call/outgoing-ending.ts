import type { SipEnd } from '../sip/ports.ts';

/** Final responses that say that this target cannot, and another perhaps can (RFC 3263 section 4.3, RFC 3261 section 21.5). */
const NOT_HERE = new Set([408, 500, 502, 503, 504]);

/** Whether nothing more is to be had from this target for now. */
export function isDead(end: SipEnd): boolean {
  return end.by === 'rejected' ? NOT_HERE.has(end.status) : end.by === 'timeout' || end.by === 'transport';
}

/** Whether the call may be tried elsewhere: nobody was found, or a status came that the trunk takes for that. */
export function isUnreachable(end: SipEnd, rerouteCodes: readonly number[]): boolean {
  return end.by === 'rejected' ? rerouteCodes.includes(end.status) : isDead(end);
}

/** A final response that names other places (RFC 3261 section 21.3); 305 and 380 want more than another Request-URI. */
export function isRedirection(status: number): boolean {
  return status === 300 || status === 301 || status === 302;
}
