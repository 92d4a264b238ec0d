import type { CallEnding, Fault } from '../events/index.ts';
import type { JoinRefusal, LeaveReason } from '../room/participant.ts';
import type { ExtraHeaders, SipEnd } from '../sip/ports.ts';
import { RETRY_LATER } from '../sip/responses.ts';

interface Row {
  /** Final response where none was sent yet. */
  readonly status: number;
  /** ITU-T Q.850 cause, for the Reason header (RFC 3326, RFC 6432); pairs as RFC 3398 section 8.2.6.1 has them. */
  readonly q850: number;
  readonly leave: LeaveReason;
  readonly fault: Fault;
  readonly text: string;
}

/** The one table of how calls end. Log, event, metric, SIP response and the room's disconnect reason all read it. */
const TABLE = {
  bye: row(200, 16, 'client_initiated', 'none', 'the phone hung up'),
  cancelled: row(487, 16, 'client_initiated', 'none', 'the caller gave up before the answer'),
  'removed-from-room': row(200, 16, 'participant_removed', 'none', 'removed from the room'),
  'room-closed': row(200, 16, 'room_closed', 'none', 'the room was closed'),
  'room-deleted': row(200, 16, 'room_deleted', 'none', 'the room was deleted'),
  'duplicate-identity': row(200, 16, 'duplicate_identity', 'none', 'somebody joined with the same identity'),
  'max-duration': row(200, 16, 'user_unavailable', 'none', 'the longest allowed duration is over'),
  'hold-timeout': row(200, 16, 'user_unavailable', 'none', 'on hold for longer than is allowed'),
  transferred: row(200, 16, 'client_initiated', 'none', 'handed on to somebody else'),
  replaced: row(200, 16, 'client_initiated', 'none', 'another call took its place'),
  'bad-replaces': row(400, 111, 'sip_trunk_failure', 'client', 'the Replaces header cannot be understood'),
  'transfers-refused': row(603, 21, 'sip_trunk_failure', 'client', 'the trunk allows no transfers'),
  'no-replaced-call': row(
    481,
    41,
    'sip_trunk_failure',
    'client',
    'no call of the trunk is the one to replace',
  ),
  'replaced-ended': row(603, 21, 'sip_trunk_failure', 'none', 'the call to replace has ended'),
  'replaced-answered': row(486, 17, 'sip_trunk_failure', 'none', 'the call to replace is answered already'),
  'no-trunk': row(403, 21, 'sip_trunk_failure', 'client', 'no trunk names the source'),
  forbidden: row(403, 21, 'sip_trunk_failure', 'client', 'the trunk does not allow this caller'),
  'bad-number': row(484, 28, 'sip_trunk_failure', 'client', 'the called number is no number'),
  'no-number': row(404, 1, 'sip_trunk_failure', 'client', 'no trunk of this source serves the called number'),
  'no-rule': row(404, 1, 'sip_trunk_failure', 'server', 'no dispatch rule for this call'),
  'bad-offer': row(400, 111, 'media_failure', 'client', 'the SDP cannot be understood'),
  'bad-media-address': row(488, 88, 'media_failure', 'client', 'the SDP names an address that gets no media'),
  'bad-media-type': row(415, 79, 'media_failure', 'client', 'the body is no SDP'),
  'no-common-codec': row(488, 65, 'media_failure', 'client', 'no codec in common'),
  'encryption-required': row(
    488,
    65,
    'media_failure',
    'client',
    'the trunk wants SRTP, and the offer has none',
  ),
  'encryption-disabled': row(
    488,
    65,
    'media_failure',
    'client',
    'the offer is of SRTP alone, and the trunk has none',
  ),
  'no-common-crypto': row(488, 65, 'media_failure', 'client', 'no SRTP key of the SDP is of use'),
  'no-answer-sdp': row(488, 88, 'media_failure', 'client', 'the ACK carried no usable answer'),
  'no-such-room': row(404, 1, 'join_failure', 'server', 'the room does not exist'),
  'room-full': row(486, 17, 'join_failure', 'server', 'the room is full'),
  'join-failure': row(500, 41, 'join_failure', 'server', 'the room did not let the call in'),
  'trunk-limit': row(503, 34, 'sip_trunk_failure', 'client', 'the trunk has as many calls as it may'),
  'trunk-rate': row(503, 42, 'sip_trunk_failure', 'client', 'the trunk sends calls too fast'),
  overload: row(503, 42, 'server_shutdown', 'server', 'too much to do'),
  draining: row(
    503,
    42,
    'server_shutdown',
    'server',
    'the gateway takes no new calls, for it is about to stop',
  ),
  stopping: row(503, 41, 'server_shutdown', 'server', 'the gateway is stopping'),
  'no-worker': row(503, 41, 'media_failure', 'server', 'no media worker is ready'),
  'no-ports': row(503, 34, 'media_failure', 'server', 'no RTP port is free'),
  'media-failure': row(500, 41, 'media_failure', 'server', 'the media side failed'),
  'media-timeout': row(408, 102, 'connection_timeout', 'upstream', 'no media came from the phone'),
  'web-media-lost': row(408, 102, 'connection_timeout', 'upstream', 'no way to the web phone: ICE or DTLS'),
  'nobody-came': row(480, 18, 'user_unavailable', 'client', 'nobody was in the room in time'),
  'wrong-pin': row(403, 21, 'user_rejected', 'client', 'the PIN was wrong'),
  'no-pin': row(403, 21, 'user_rejected', 'client', 'no PIN was keyed'),
  'pin-locked': row(403, 21, 'user_rejected', 'client', 'too many wrong PINs of this caller'),
  'ringing-timeout': row(480, 19, 'user_unavailable', 'client', 'nobody answered in time'),
  'ack-timeout': row(408, 102, 'signal_close', 'upstream', 'our answer was never acknowledged'),
  'session-expired': row(408, 102, 'connection_timeout', 'upstream', 'nobody refreshed the session'),
  'sip-timeout': row(408, 102, 'user_unavailable', 'upstream', 'the far end did not answer'),
  'transport-lost': row(503, 38, 'signal_close', 'upstream', 'the signaling transport failed'),
  busy: row(486, 17, 'user_rejected', 'none', 'the callee is busy'),
  declined: row(603, 21, 'user_rejected', 'none', 'the callee declined'),
  unavailable: row(480, 18, 'user_unavailable', 'none', 'the callee is not available'),
  rejected: row(500, 31, 'sip_trunk_failure', 'upstream', 'the far end refused the call'),
  'internal-error': row(500, 41, 'state_mismatch', 'server', 'a fault of the gateway'),
} as const satisfies Record<string, Row>;

function row(status: number, q850: number, leave: LeaveReason, fault: Fault, text: string): Row {
  return { status, q850, leave, fault, text };
}

/** Every way in which a call ends or is refused. */
export type EndingCause = keyof typeof TABLE;

/** All causes, for documents and tests. */
export const ENDING_CAUSES = Object.keys(TABLE) as readonly EndingCause[];

/** What log, metrics and history get to see. */
export function endingOf(cause: EndingCause): CallEnding {
  const { status, q850, fault } = TABLE[cause];
  return { cause, sipStatus: status, q850, fault };
}

/** The final response to an INVITE that ends by `cause` before its answer. */
export function refusalStatus(cause: EndingCause): number {
  const { status } = TABLE[cause];
  // A normal clearing before the answer: the room is gone, or somebody took the place.
  return status < 300 ? 480 : status;
}

/** LiveKit's DisconnectReason for the participant that the call was. */
export function leaveReasonOf(cause: EndingCause): LeaveReason {
  return TABLE[cause].leave;
}

/** One sentence for people, without a period. */
export function endingText(cause: EndingCause): string {
  return TABLE[cause].text;
}

/** The Reason header of our BYE or refusal (RFC 3326 section 2, RFC 6432), as `[name, value]`. */
export function reasonHeader(cause: EndingCause): readonly [string, string] {
  const { q850, text } = TABLE[cause];
  return ['Reason', `Q.850;cause=${q850};text="${cause}: ${text}"`];
}

/** What passes: RFC 3261 section 21.5.4 has who reads Retry-After go elsewhere meanwhile, and come back. */
const PASSING: ReadonlySet<EndingCause> = new Set(['overload', 'draining', 'stopping']);

/** Headers of the final response to an INVITE that is refused for `cause`. */
export function refusalHeaders(cause: EndingCause): ExtraHeaders {
  return PASSING.has(cause) ? [reasonHeader(cause), ...RETRY_LATER] : [reasonHeader(cause)];
}

/** The cause of an ending that came from the SIP side. */
export function causeOfSipEnd(end: SipEnd): EndingCause {
  switch (end.by) {
    case 'bye':
      return 'bye';
    case 'cancel':
      return 'cancelled';
    case 'ack-timeout':
      return 'ack-timeout';
    case 'session-expired':
      return 'session-expired';
    case 'timeout':
      return 'sip-timeout';
    case 'transport':
      return 'transport-lost';
    case 'rejected':
      return causeOfStatus(end.status);
  }
}

/** The cause when the room put a participant out. */
export function causeOfRemoval(reason: LeaveReason): EndingCause {
  switch (reason) {
    case 'room_deleted':
      return 'room-deleted';
    case 'room_closed':
      return 'room-closed';
    case 'duplicate_identity':
      return 'duplicate-identity';
    case 'server_shutdown':
      return 'stopping';
    case 'media_failure':
      return 'media-failure';
    case 'connection_timeout':
      return 'media-timeout';
    default:
      return 'removed-from-room';
  }
}

/** The cause when a room did not let the call in. */
export function causeOfJoinRefusal(refusal: JoinRefusal): EndingCause {
  switch (refusal) {
    case 'no-such-room':
    case 'room-full':
    case 'draining':
    case 'stopping':
    case 'no-worker':
      return refusal;
    case 'out-of-reach':
    case 'bad-identity':
    case 'bad-room-name':
      return 'join-failure';
  }
}

function causeOfStatus(status: number): EndingCause {
  switch (status) {
    case 486:
    case 600:
      return 'busy';
    case 603:
    case 607:
      return 'declined';
    case 404:
    case 410:
    case 480:
    case 604:
      return 'unavailable';
    case 408:
      return 'sip-timeout';
    case 487:
      return 'cancelled';
    case 488:
    case 606:
      return 'no-common-codec';
    default:
      return 'rejected';
  }
}
