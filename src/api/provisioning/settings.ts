import type { SIPDispatchRuleInfo, SIPInboundTrunkInfo, SIPOutboundTrunkInfo } from '@livekit/protocol';
import type { Result } from '../../base/result.ts';
import type { CallPlan } from '../../trunk/call-plan.ts';
import type { OutboundTrunk } from '../../trunk/outbound.ts';
import type { DispatchRule, InboundTrunk } from '../../trunk/trunk.ts';

/** LiveKit's message for each thing that is made by API; the names are those of the configuration's lists. */
export interface Infos {
  readonly trunks: SIPInboundTrunkInfo;
  readonly outbound_trunks: SIPOutboundTrunkInfo;
  readonly rules: SIPDispatchRuleInfo;
}

/** What each of them is here. */
export interface Meanings {
  readonly trunks: InboundTrunk;
  readonly outbound_trunks: OutboundTrunk;
  readonly rules: DispatchRule;
}

export type Section = keyof Infos;

/** Keys and values as they would stand in the configuration; what is undefined is not said. */
export type Settings = Readonly<Record<string, unknown>>;

/** A fault between things that are right by themselves. */
export interface PlanFault {
  readonly section: Section;
  readonly id: string;
  readonly key: string;
  readonly message: string;
}

/** Reads settings as the configuration's own schema does. `app/config/provisioned.ts` implements it. */
export interface SettingsReader {
  /** What one of them is, or what is wrong with it: `key: message`. */
  read<S extends Section>(section: S, settings: Settings): Result<Meanings[S], string>;
  /** What is wrong between what was made by API and all else: ids that clash or lead nowhere. */
  faults(made: CallPlan): readonly PlanFault[];
}
