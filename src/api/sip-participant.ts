import { type CreateSIPParticipantRequest, SIPParticipantInfo } from '@livekit/protocol';
import type { Millis } from '../base/clock.ts';
import { ok, type Result } from '../base/result.ts';
import type { CallOrder, CallPlacer, PlacedCall } from '../call/call-order.ts';
import type { CallEnding, EventSink } from '../events/index.ts';
import { isHeaderValue, mayBeSet } from '../trunk/headers.ts';
import type { OutboundTrunk } from '../trunk/outbound.ts';
import { wantedEncryption } from './media-encryption.ts';
import { withinLimits } from './room-limits.ts';
import { callFault, placeFault } from './sip-fault.ts';
import { includedHeaders } from './sip-trunk-info.ts';
import { refuse, type TwirpFault } from './twirp.ts';

/** Headers that one request may set. */
const MAX_HEADERS = 64;

/**
 * CreateSIPParticipant: places a call and brings it into a room. Answers at once, or with `wait_until_answered` when
 * somebody has answered or the call has failed. `emit` hears of what was asked for and has no effect.
 */
export function createParticipant(
  request: CreateSIPParticipantRequest,
  trunks: readonly OutboundTrunk[],
  dialer: CallPlacer,
  emit: EventSink,
): Result<SIPParticipantInfo, TwirpFault> | Promise<Result<SIPParticipantInfo, TwirpFault>> {
  const order = orderOf(request, trunks);
  if (!order.ok) return order;
  // Noise suppression is in many an example, and the call is the same without: told to the operator, and no reason to refuse.
  if (request.krispEnabled) emit({ type: 'dropped', where: 'http', reason: 'sip-krisp-enabled', count: 1 });
  if (!request.waitUntilAnswered) {
    const placed = dialer.placeCall(order.value, { ringing() {}, answered() {}, over() {} });
    return placed.ok ? ok(infoOf(placed.value, request)) : placeFault(placed.error);
  }
  let settle: (outcome: CallEnding | 'answered') => void = () => {};
  const outcome = new Promise<CallEnding | 'answered'>((resolve) => {
    settle = resolve;
  });
  const placed = dialer.placeCall(order.value, {
    ringing() {},
    answered: () => settle('answered'),
    over: (ending) => settle(ending),
  });
  if (!placed.ok) return placeFault(placed.error);
  return outcome.then((came) => (came === 'answered' ? ok(infoOf(placed.value, request)) : callFault(came)));
}

function orderOf(
  request: CreateSIPParticipantRequest,
  trunks: readonly OutboundTrunk[],
): Result<CallOrder, TwirpFault> {
  const missing = unsupported(request);
  if (missing !== undefined) return refuse('unimplemented', `this server has no ${missing}`);
  if (request.sipTrunkId === '') return refuse('invalid_argument', 'missing sip trunk id');
  if (request.sipCallTo === '') return refuse('invalid_argument', 'missing sip callee number');
  const { headers, participantAttributes: attributes } = request;
  const names = { room: request.roomName, name: request.participantName };
  const fits = withinLimits({ ...names, metadata: request.participantMetadata, attributes });
  if (!fits.ok) return fits;
  const badHeader = faultyHeader(headers);
  if (badHeader !== undefined) return refuse('invalid_argument', `header ${badHeader} cannot be set`);
  const trunk = trunks.find(({ id }) => id === request.sipTrunkId);
  if (trunk === undefined) return refuse('not_found', 'requested sip trunk does not exist');
  return ok({
    trunk,
    to: request.sipCallTo,
    from: request.sipNumber || undefined,
    displayName: request.displayName,
    room: request.roomName,
    identity: request.participantIdentity || undefined,
    name: request.participantName || undefined,
    metadata: request.participantMetadata,
    attributes: new Map(Object.entries(attributes)),
    hidePhoneNumber: request.hidePhoneNumber,
    ringingTimeoutMs: msOf(request.ringingTimeout),
    maxCallDurationMs: msOf(request.maxCallDuration),
    headers,
    includeHeaders: includedHeaders(request.includeHeaders),
    dtmf: request.dtmf,
    // The older name of the same.
    playsDialtone: request.playDialtone || request.playRingtone,
    mediaEncryption: wantedEncryption(request),
  });
}

/** What is asked for and not there, where the call would be another one without it. */
function unsupported(request: CreateSIPParticipantRequest): string | undefined {
  if (request.trunk !== undefined) return 'trunks by request: they come from the configuration';
  if (request.sipRequestUri !== undefined || request.sipToHeader !== undefined)
    return 'own Request-URI or To';
  if (request.sipFromHeader !== undefined || request.toUserOverride !== '') return 'own From or To';
  if (request.destination !== undefined) return 'destinations';
  const { codecs = [], onlyListedCodecs = false, mediaTimeout } = request.media ?? {};
  if (codecs.length > 0 || onlyListedCodecs) return 'codecs by request: they are those of the trunk';
  return mediaTimeout === undefined ? undefined : 'media timeout by request: it is that of the trunk';
}

/** The first header that SIP has for itself, or whose value does not stay on its line. */
export function faultyHeader(headers: Readonly<Record<string, string>>): string | undefined {
  const all = Object.entries(headers);
  if (all.length > MAX_HEADERS) return all[MAX_HEADERS]?.[0];
  return all.find(([name, value]) => !mayBeSet(name) || !isHeaderValue(value))?.[0];
}

/** Undefined: nothing was said, or nothing that is a time. */
export function msOf(duration: CreateSIPParticipantRequest['ringingTimeout']): Millis | undefined {
  if (duration === undefined) return undefined;
  const ms = Number(duration.seconds) * 1000 + Math.floor(duration.nanos / 1_000_000);
  return Number.isSafeInteger(ms) && ms > 0 ? ms : undefined;
}

function infoOf(call: PlacedCall, { roomName }: CreateSIPParticipantRequest): SIPParticipantInfo {
  return new SIPParticipantInfo({
    participantId: call.participant,
    participantIdentity: call.identity,
    roomName,
    sipCallId: call.id,
  });
}
