import { SIPStatusCode } from '@livekit/protocol';
import { fail } from '../base/result.ts';
import type { PlaceRefusal } from '../call/call-order.ts';
import type { CallEnding } from '../events/index.ts';
import { refuse, type TwirpFault } from './twirp.ts';

/** Statuses whose code is not that of their class; LiveKit's own table (livekit/protocol, `sip.go`). */
const CODES: readonly (readonly [TwirpFault['code'], readonly number[]])[] = [
  ['not_found', [301, 302, 404, 410, 481, 604]],
  ['permission_denied', [401, 402, 403, 433, 470, 603, 607, 608]],
  ['unauthenticated', [407, 428, 436, 437, 438, 494]],
  ['deadline_exceeded', [408, 504]],
  ['resource_exhausted', [440, 480, 486, 600]],
  ['failed_precondition', [409, 412, 482, 483]],
  ['aborted', [487, 491]],
  ['invalid_argument', [505, 513]],
];

/** A call that was not answered, as LiveKit tells it: Twirp code by the SIP status, which is in the fields with its Q.850 cause. */
export function callFault({ cause, q850, sipStatus }: CallEnding): { ok: false; error: TwirpFault } {
  const phrase = phraseOf(sipStatus);
  return fail({
    code: codeOf(sipStatus),
    msg: `sip status: ${sipStatus}: ${phrase} (${cause})`,
    meta: { sip_status_code: `${sipStatus}`, sip_status: phrase, q850_cause: `${q850}`, cause },
  });
}

/** A transfer that came to nothing: our call goes on, unless it ended for a reason of its own. */
export function transferFault(status: number, reason: string): { ok: false; error: TwirpFault } {
  const phrase = phraseOf(status);
  return fail({
    code: codeOf(status),
    msg: `sip status: ${status}: ${phrase} (transfer: ${reason})`,
    meta: { sip_status_code: `${status}`, sip_status: phrase, cause: reason },
  });
}

/** Why a call was not even begun. */
export function placeFault(refusal: PlaceRefusal): { ok: false; error: TwirpFault } {
  return refuse(codeOfRefusal(refusal), `the call is not placed: ${refusal}`);
}

function codeOf(status: number): TwirpFault['code'] {
  const own = CODES.find(([, statuses]) => statuses.includes(status));
  return own?.[0] ?? (status >= 500 && status < 600 ? 'failed_precondition' : 'invalid_argument');
}

function codeOfRefusal(refusal: PlaceRefusal): TwirpFault['code'] {
  switch (refusal) {
    case 'bad-number':
    case 'bad-caller':
    case 'bad-digits':
    case 'join-failure':
      return 'invalid_argument';
    case 'trunk-disabled':
      return 'failed_precondition';
    case 'country-not-allowed':
      return 'permission_denied';
    case 'trunk-limit':
    case 'trunk-rate':
    case 'overload':
    case 'room-full':
      return 'resource_exhausted';
    default:
      return 'unavailable';
  }
}

/** `Busy Here`, out of LiveKit's SIP_STATUS_BUSY_HERE. */
function phraseOf(status: number): string {
  const name: string | undefined = SIPStatusCode[status];
  const words = name
    ?.replace('NOTFOUND', 'NOT_FOUND')
    .replace(/^SIP_STATUS_(?:GLOBAL_)?/, '')
    .split('_') ?? ['UNKNOWN'];
  return words.map((word) => word.charAt(0) + word.slice(1).toLowerCase()).join(' ');
}
