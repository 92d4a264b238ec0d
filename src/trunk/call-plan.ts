import type { Admission, Flow } from '../sip/ports.ts';
import { admission } from './admission.ts';
import { TrunkTable } from './match.ts';
import type { OutboundTrunk } from './outbound.ts';
import { isPinRoom } from './pin.ts';
import { sameTrunk } from './same-trunk.ts';
import type { DispatchRule, InboundTrunk } from './trunk.ts';

/** All that says who may call, where to, and where calls go out. */
export interface CallPlan {
  readonly trunks: readonly InboundTrunk[];
  readonly outboundTrunks: readonly OutboundTrunk[];
  readonly rules: readonly DispatchRule[];
}

export const EMPTY_PLAN: CallPlan = { trunks: [], outboundTrunks: [], rules: [] };

/** One plan after the other, in that order. */
export function joinPlans(...plans: readonly CallPlan[]): CallPlan {
  return {
    trunks: plans.flatMap(({ trunks }) => trunks),
    outboundTrunks: plans.flatMap(({ outboundTrunks }) => outboundTrunks),
    rules: plans.flatMap(({ rules }) => rules),
  };
}

interface Compiled {
  readonly plan: CallPlan;
  readonly table: TrunkTable;
  readonly admits: Admission;
  readonly isTrustedPeer: (flow: Flow, dialogFlow: Flow) => boolean;
  readonly isPinRoom: (name: string) => boolean;
}

/**
 * The plan that holds now. Its questions may be handed on: they are answered by whatever plan holds when they are asked. Calls that are
 * up keep the trunk and the rule that they came by.
 */
export class LiveCallPlan {
  /** Users of our registered Contacts, by outbound trunk: who registers keeps them here. */
  readonly tokens = new Map<string, string>();
  #now: Compiled;

  constructor(plan: CallPlan) {
    this.#now = this.#compile(plan);
  }

  /** New calls are decided by `plan` from here on. */
  replace(plan: CallPlan): void {
    this.#now = this.#compile(plan);
  }

  get trunks(): readonly InboundTrunk[] {
    return this.#now.plan.trunks;
  }

  get outboundTrunks(): readonly OutboundTrunk[] {
    return this.#now.plan.outboundTrunks;
  }

  get rules(): readonly DispatchRule[] {
    return this.#now.plan.rules;
  }

  get table(): TrunkTable {
    return this.#now.table;
  }

  /** See `trunk/admission.ts`. */
  readonly admits: Admission = (flow) => this.#now.admits(flow);

  /** See `trunk/same-trunk.ts`. */
  readonly isTrustedPeer = (flow: Flow, dialogFlow: Flow): boolean =>
    this.#now.isTrustedPeer(flow, dialogFlow);

  /** See `trunk/pin.ts`. */
  readonly isPinRoom = (name: string): boolean => this.#now.isPinRoom(name);

  #compile(plan: CallPlan): Compiled {
    return {
      plan,
      table: new TrunkTable(plan.trunks, this.tokens),
      admits: admission(plan.trunks),
      isTrustedPeer: sameTrunk(plan.trunks),
      isPinRoom: isPinRoom(plan.rules),
    };
  }
}
