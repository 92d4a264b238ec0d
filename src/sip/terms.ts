/** What a call's own terms mean for its messages. */
import type { SipTerms } from './call-terms.ts';
import type { SipRequest } from './message.ts';
import type { ExtraHeaders } from './ports.ts';
import { CAPABILITIES, type Refusal, SUPPORTED } from './screening.ts';
import { tooShort } from './session-timer.ts';

/** What every answer about our abilities carries (RFC 3261 section 11.2), on these terms. */
export function capabilitiesOf(terms: SipTerms): ExtraHeaders {
  const tags = supportedBy(terms);
  if (tags.length === SUPPORTED.length) return CAPABILITIES;
  return CAPABILITIES.map(([name, value]) => [name, name === 'Supported' ? tags.join(', ') : value]);
}

function supportedBy({ timers, reliable }: SipTerms): readonly string[] {
  if (timers !== 'off' && reliable !== 'off') return SUPPORTED;
  const off = new Set([...(timers === 'off' ? ['timer'] : []), ...(reliable === 'off' ? ['100rel'] : [])]);
  return SUPPORTED.filter((tag) => !off.has(tag));
}

/**
 * Why a new INVITE cannot be taken on these terms: 420 for an extension that they turn off (RFC 3261 section 8.2.2.3), 421 for one that
 * they ask for (section 21.4.16), 422 for a session that is too short (RFC 4028 section 9).
 */
export function refuseTerms(request: SipRequest, terms: SipTerms): Refusal | undefined {
  const known = supportedBy(terms);
  const required = request.headers.all('require').map((tag) => tag.toLowerCase());
  const unsupported = SUPPORTED.filter((tag) => required.includes(tag) && !known.includes(tag));
  if (unsupported.length > 0) return { status: 420, headers: [['Unsupported', unsupported.join(', ')]] };
  if (terms.reliable === 'required' && !names(request, '100rel')) {
    return { status: 421, headers: [['Require', '100rel']] };
  }
  const short = terms.timers === 'off' ? undefined : tooShort(request, terms);
  return short === undefined ? undefined : { status: 422, headers: short };
}

function names(request: SipRequest, wanted: string): boolean {
  const tags = [...request.headers.all('supported'), ...request.headers.all('require')];
  return tags.some((tag) => tag.toLowerCase() === wanted);
}
