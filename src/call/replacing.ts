/** INVITEs that take the place of a call (RFC 3891 section 3): which call, and what of it the new one gets. */
import { fail, ok, type Result } from '../base/result.ts';
import type { SipRequestInfo } from '../sip/ports.ts';
import { parseReplaces } from '../sip/replaces.ts';
import type { CallFacts } from '../trunk/facts.ts';
import type { TrunkTable } from '../trunk/match.ts';
import type { InboundTrunk } from '../trunk/trunk.ts';
import type { EndingCause } from './ending.ts';
import type { Accepted } from './join-room.ts';
import type { CallWay, LiveCall, PhoneCalls } from './phone-calls.ts';

/** A call that is to be replaced, and the decision that brings the new one into its room. */
export interface Replacement {
  readonly call: LiveCall;
  readonly decision: Accepted;
}

/** Whether an INVITE wants the place of a call. */
export function wantsPlace(request: SipRequestInfo): boolean {
  return request.headers('replaces').length > 0;
}

/** The call that an INVITE names, whoever it belongs to; undefined when there is none, or it has ended. */
export function namedCall(request: SipRequestInfo, calls: PhoneCalls | undefined): LiveCall | undefined {
  const replaces = parseReplaces(request.headers('replaces')[0] ?? '');
  return replaces === undefined ? undefined : calls?.named(replaces);
}

/**
 * The trunk by which an INVITE may take the place of a call that came or was placed so, of those that name the INVITE's source: the
 * call's own, or, where we placed it, one that names its far end, too.
 */
export function trunkToReplace(
  way: CallWay,
  naming: readonly InboundTrunk[],
  trunks: TrunkTable,
): InboundTrunk | undefined {
  if (way.way === 'in') return naming.find(({ id }) => id === way.trunk.id);
  const around = way.farEnd === undefined ? [] : trunks.naming(way.farEnd);
  return naming.find((trunk) => around.includes(trunk));
}

/**
 * The call that an INVITE replaces, or why it may not: only one of a trunk that allows transfers, and from where that trunk is. Others
 * are as unknown to it as those that never were.
 */
export function replacement(
  request: SipRequestInfo,
  facts: CallFacts,
  trunks: TrunkTable,
  calls: PhoneCalls | undefined,
): Result<Replacement, EndingCause> {
  const values = request.headers('replaces');
  const replaces = values.length === 1 ? parseReplaces(values[0]!) : undefined;
  // More than one is refused, too, and so is one beside Join, which we do not know.
  if (replaces === undefined) return fail('bad-replaces');
  const naming = trunks.naming(facts);
  const taking = (way: CallWay | undefined) =>
    way?.trunk.transfers === undefined ? undefined : trunkToReplace(way, naming, trunks);
  const call = calls?.named(replaces);
  const trunk = taking(call?.way);
  const place = call?.line.place;
  if (call === undefined || trunk === undefined || place === undefined) {
    if (calls?.hasEnded(replaces, (way) => taking(way) !== undefined) === true) return fail('replaced-ended');
    const allows = naming.some(({ transfers }) => transfers !== undefined);
    return fail(allows ? 'no-replaced-call' : 'transfers-refused');
  }
  // It is answered: all that stand in the table are.
  if (replaces.earlyOnly) return fail('replaced-answered');
  const party = trunks.callerOn(trunk, facts);
  if (!party.ok) return party;
  const { attributes, metadata } = call.line.presence;
  // The number is another one, and a hold is the old call's alone: who consults has often put it on hold.
  const kept = [...attributes].filter(([name]) => name !== 'sip.phoneNumber' && name !== 'sip.onHold');
  return ok({
    call,
    decision: {
      ...{ ok: true, trunk, pinRules: [], steps: () => [], ...party.value },
      called: attributes.get('sip.trunkPhoneNumber') ?? '',
      hidden: facts.privacy === true,
      rule: {
        ...{ id: attributes.get('sip.ruleID') ?? '', name: '', priority: 0 },
        ...{ trunkIds: [], numbers: [], inboundNumbers: [] },
        room: { kind: 'direct', roomName: place.room },
        hidePhoneNumber: !attributes.has('sip.phoneNumber'),
        attributes: Object.fromEntries(kept),
        metadata,
      },
    },
  });
}
