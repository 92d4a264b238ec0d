import type { Sound } from '../media/protocol.ts';
import { type EndingCause, refusalStatus } from './ending.ts';

/** Rounds of a cadence that tell enough: two to four seconds. */
const ROUNDS = 4;

/** Statuses that are the callee's own will (RFC 3261 section 21.4.24, 21.6.2); all others are the network's. */
const BUSY = new Set([486, 603]);

/** What says that a call came to nothing: the busy tone, or that of congestion (ITU-T E.182 section 3), a few times. */
export function failureTone(cause: EndingCause, country: string | undefined): readonly Sound[] {
  const tone = BUSY.has(refusalStatus(cause)) ? 'busy' : 'congestion';
  return Array.from({ length: ROUNDS }, () => ({ from: 'tone', tone, country }));
}
