/**
 * What a UAS looks at before it looks at the call (RFC 3261 section 8.2): pure, a request in, a refusal or the
 * Request-URI out.
 */
import { fail, ok, type Result } from '../base/result.ts';
import { bodyFault } from './body.ts';
import { parseNumber } from './grammar.ts';
import { DTMF, DTMF_RELAY } from './info-key.ts';
import { fixedHeader, type SipRequest } from './message.ts';
import type { ExtraHeaders, SipUri } from './ports.ts';
import { wantsNoNotify } from './refer.ts';
import { SIPFRAG } from './sipfrag.ts';
import { parseEvent } from './subscription.ts';
import { parseUri } from './uri.ts';

/** Methods that we take, in Allow's form. */
export const ALLOW = 'INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY';

/** Option tags that we support. */
export const SUPPORTED: readonly string[] = ['timer', '100rel', 'norefersub', 'replaces'];

/** Answers that are no answer yet carry it alone. */
export const ALLOWED: ExtraHeaders = [fixedHeader('Allow', ALLOW)];

/** Bodies of offers and answers, in Accept's form. */
const ACCEPT = 'application/sdp, multipart/mixed';

/** What every answer about our abilities carries (section 11.2). */
export const CAPABILITIES: ExtraHeaders = [
  ...ALLOWED,
  fixedHeader('Accept', ACCEPT),
  fixedHeader('Supported', SUPPORTED.join(', ')),
];

export interface Refusal {
  readonly status: number;
  readonly headers?: ExtraHeaders;
}

/** Methods that only make sense in a dialog: outside of one they get 481. */
const IN_DIALOG_ONLY = new Set(['BYE', 'INFO', 'UPDATE', 'PRACK', 'NOTIFY']);
/** Methods of a dialog that are taken here, or are passed to the application. */
const IN_DIALOG = new Set([
  'INVITE',
  'BYE',
  'OPTIONS',
  'UPDATE',
  'PRACK',
  'INFO',
  'REFER',
  'NOTIFY',
  'MESSAGE',
]);
/** Registered methods that we know and do not take: 405. Any other token gets 501. */
const KNOWN = new Set(['REGISTER', 'PUBLISH', 'MESSAGE', 'REFER', 'CANCEL', 'ACK', ...IN_DIALOG_ONLY]);
/** The only event package that a dialog of ours may ever have (RFC 3515). */
const EVENTS = 'refer';
/** RFC 6665 section 4.1.3. */
const BAD_EVENT: Refusal = { status: 489, headers: [['Allow-Events', EVENTS]] };

/** For a method that we do not take: 405 when we know it, 501 when we do not (sections 8.2.1, 21.5.2). */
function refuseMethod({ method, headers }: SipRequest): Refusal {
  // A REFER is taken in a dialog only, where it is known who speaks.
  if (method === 'REFER') return { status: 403 };
  if (method === 'SUBSCRIBE') {
    // RFC 3515 section 2.4.4: only a REFER makes such a subscription. RFC 6665 section 4.2.1.1: other packages are unknown.
    return parseEvent(headers.get('event'))?.package === EVENTS ? { status: 403 } : BAD_EVENT;
  }
  return { status: KNOWN.has(method) ? 405 : 501, headers: [['Allow', ALLOW]] };
}

/** What is refused in a dialog whatever its state; undefined when somebody shall see it. */
export function refuseInDialog(request: SipRequest): Refusal | undefined {
  const { method, headers } = request;
  if (!IN_DIALOG.has(method)) return refuseMethod(request);
  // RFC 6086 section 5.2.1: we take no Info Package at all.
  if (method === 'INFO' && headers.get('info-package') !== undefined) {
    return { status: 469, headers: [['Recv-Info', '']] };
  }
  if (method !== 'NOTIFY') return undefined;
  return parseEvent(headers.get('event'))?.package === EVENTS ? undefined : BAD_EVENT;
}

/** What an answer to a request in a dialog must carry by its status. */
export function answerHeaders(
  request: { readonly method: string; header(name: string): string | undefined },
  status: number,
): ExtraHeaders {
  const { method } = request;
  // RFC 4488 section 4: that there will be no NOTIFY is said by both sides.
  if (answerHasContact(method, status) && wantsNoNotify(request)) return [['Refer-Sub', 'false']];
  if (status === 405) return [['Allow', ALLOW]];
  // RFC 3261 section 21.4.13: what we would have taken.
  if (status === 415) return [['Accept', method === 'NOTIFY' ? SIPFRAG : `${DTMF_RELAY}, ${DTMF}`]];
  return [];
}

/** RFC 3515 table 1: a 2xx to REFER has a Contact. */
export function answerHasContact(method: string, status: number): boolean {
  return method === 'REFER' && status >= 200 && status <= 299;
}

/** Checks that hold in and out of a dialog: Request-URI, then Require. */
export function screenAny(request: SipRequest): Result<SipUri, Refusal> {
  const uri = parseUri(request.uri);
  if (!uri.ok) return fail({ status: uri.error === 'scheme' ? 416 : 400 });
  // RFC 3261 section 19.1.1: a Request-URI carries no headers.
  if (uri.value.headers !== '') return fail({ status: 400 });
  const { headers } = request;
  if (headers.get('require') === undefined) return ok(uri.value);
  const unknown = headers.all('require').filter((tag) => !SUPPORTED.includes(tag.toLowerCase()));
  // Section 8.2.2.3: Require is passed over in ACK and CANCEL, which do not come here. Proxy-Require is for proxies alone (section
  // 20.29): many a carrier sends `privacy` in it (RFC 3323 section 4.2), which none of them took out.
  if (unknown.length > 0) return fail({ status: 420, headers: [['Unsupported', unknown.join(', ')]] });
  return ok(uri.value);
}

/** Checks for a request outside of any dialog, after which only an INVITE or OPTIONS that can be answered is left. */
export function screenInitial(request: SipRequest): Result<SipUri, Refusal> {
  const { method } = request;
  if (method !== 'INVITE' && method !== 'OPTIONS') {
    return fail(IN_DIALOG_ONLY.has(method) ? { status: 481 } : refuseMethod(request));
  }
  const common = screenAny(request);
  if (!common.ok || method === 'OPTIONS') return common;
  // A gateway passes calls on, so a call that has gone round must stop here (section 16.3).
  if (parseNumber(request.headers.get('max-forwards') ?? '70', 255) === 0) return fail({ status: 483 });
  return screenOffer(request) ?? common;
}

/** Section 8.2.3: of bodies only SDP, unencoded; and only for who takes SDP back (section 20.1). */
export function screenOffer(request: SipRequest): { ok: false; error: Refusal } | undefined {
  const { headers } = request;
  const fault = bodyFault(request);
  if (fault === 'type') return fail({ status: 415, headers: [['Accept', ACCEPT]] });
  if (fault === 'encoding') return fail({ status: 415, headers: [['Accept-Encoding', 'identity']] });
  if (headers.get('accept') === undefined) return undefined;
  const accept = headers.all('accept');
  const takesSdp = accept.some((type) => /^(?:application\/(?:sdp|\*)|\*\/\*)\s*(?:;|$)/i.test(type));
  return accept.length > 0 && !takesSdp ? fail({ status: 406 }) : undefined;
}
