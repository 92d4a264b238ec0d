import type { CallEnding } from '../events/index.ts';
import type { SipEnd } from '../sip/ports.ts';
import { type EndingCause, endingOf } from './ending.ts';

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

/** The ending with the far end's own status and cause where it gave them. */
export function endingOfOutgoing(cause: EndingCause, end: SipEnd | undefined): CallEnding {
  const ending = endingOf(cause);
  if (end?.by !== 'rejected') return ending;
  return { ...ending, sipStatus: end.status, q850: q850Of(end.reason) ?? ending.q850 };
}

/** The Q.850 cause of a Reason header's first value (RFC 3326 section 2); undefined when it has none. */
export function q850Of(reason: string | undefined): number | undefined {
  const digits = /^\s*q\.850\s*(?:;[^;]{0,200}){0,4}?;\s*cause\s*=\s*(\d{1,3})\s*(?:;|,|$)/i.exec(
    reason ?? '',
  )?.[1];
  const cause = digits === undefined ? undefined : Number(digits);
  return cause === undefined || cause > 127 ? undefined : cause;
}
