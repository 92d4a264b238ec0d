import { hides, type TrunkCall } from './dispatch.ts';
import type { DispatchRule } from './trunk.ts';

/** `sip.callStatus` as LiveKit has it. */
export type CallStatus = 'dialing' | 'ringing' | 'automation' | 'active' | 'hangup';

/** How a phone appears in its room; LiveKit's names throughout. */
export interface PhoneParticipant {
  /** `sip_<number>`, or `sip_<call id>` when the number is hidden or there is none. */
  readonly identity: string;
  readonly name: string;
  readonly metadata: string;
  readonly attributes: Map<string, string>;
}

/** The participant that a call becomes. `callId` is ours (`SCL_…`); `display` the From header's display name. */
export function phoneParticipant(
  rule: DispatchRule,
  call: TrunkCall,
  facts: {
    readonly callId: string;
    readonly display: string;
    readonly status: CallStatus;
    /** What the call's headers say of it (`headers.ts`). */
    readonly attributes?: ReadonlyMap<string, string>;
  },
): PhoneParticipant {
  const { caller, called, trunk } = call;
  const hidden = hides(rule, call) || caller.toLowerCase() === 'anonymous';
  // What strangers can write comes first, so that nothing of ours can be forged.
  const attributes = new Map<string, string>(facts.attributes);
  for (const name in rule.attributes) attributes.set(name, rule.attributes[name]!);
  attributes.set('sip.callID', facts.callId);
  attributes.set('sip.callStatus', facts.status);
  attributes.set('sip.trunkID', trunk.id);
  // A call that took the place of one that we placed came by no rule.
  if (rule.id !== '') attributes.set('sip.ruleID', rule.id);
  attributes.set('sip.trunkPhoneNumber', called);
  if (!hidden) attributes.set('sip.phoneNumber', caller);
  return {
    identity: `sip_${hidden ? facts.callId : caller}`,
    name: hidden ? hiddenName(call.hidden ? '' : caller) : displayName(facts.display) || `Phone ${caller}`,
    metadata: rule.metadata,
    attributes,
  };
}

/**
 * An identity that nobody in the room has: two calls from one number are two participants, and the second must not
 * put out the first. `taken` is asked for the plain identity, then `…_2`, `…_3`.
 */
export function freeIdentity(identity: string, taken: (identity: string) => boolean): string {
  let free = identity;
  for (let i = 2; taken(free); i++) free = `${identity}_${i}`;
  return free;
}

function hiddenName(caller: string): string {
  return /^\+?\d{6,}$/.test(caller) ? `Phone …${caller.slice(-2)}` : 'Phone';
}

/** What a carrier claims the caller is called: printable, short, and never taken for more than a claim. */
function displayName(text: string): string {
  const printable = text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, '').trim();
  return printable.length > 64 ? '' : printable;
}
