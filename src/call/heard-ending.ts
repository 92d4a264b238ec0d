/** How a call ended, with what the far end said of it. */
import type { CallEnding } from '../events/index.ts';
import { parseNumber, parseParams, splitCommas } from '../sip/grammar.ts';
import type { SipEnd } from '../sip/ports.ts';
import { type EndingCause, endingOf } from './ending.ts';

/** Values of Reason that are read: one for each protocol. */
const MAX_REASONS = 8;
/** Q.850 has seven bits for it. */
const MAX_CAUSE = 127;

/** The ending by `cause`, with the far end's own status and Q.850 cause where it gave them. `end` undefined: it was ours to end. */
export function endingHeard(cause: EndingCause, end: SipEnd | undefined): CallEnding {
  const ending = endingOf(cause);
  if (end?.by === 'rejected')
    return { ...ending, sipStatus: end.status, q850: q850Of(end.reason) ?? ending.q850 };
  return end?.by === 'bye' || end?.by === 'cancel'
    ? { ...ending, q850: q850Of(end.reason) ?? ending.q850 }
    : ending;
}

/** The Q.850 cause that a Reason header's values name (RFC 3326 section 2); undefined when none of them does. */
export function q850Of(reason: string | undefined): number | undefined {
  if (reason === undefined) return undefined;
  for (const value of splitCommas(reason).slice(0, MAX_REASONS)) {
    const semicolon = value.indexOf(';');
    if (semicolon < 0 || value.slice(0, semicolon).trim().toLowerCase() !== 'q.850') continue;
    return parseNumber(parseParams(value, semicolon)?.get('cause') ?? '', MAX_CAUSE);
  }
  return undefined;
}
