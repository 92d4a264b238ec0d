/** Who may be transferred to whom by a phone's REFER, and the calls that this makes: what a trunk's policy allows, and nothing else. */
import type { Millis } from '../base/clock.ts';
import { fail, ok, type Result } from '../base/result.ts';
import type { Referral } from '../sip/refer.ts';
import { formatReplaces } from '../sip/replaces.ts';
import type { CallPlan } from '../trunk/call-plan.ts';
import { normalizeNumber } from '../trunk/number.ts';
import { NumberSet } from '../trunk/number-set.ts';
import type { InboundTrunk } from '../trunk/trunk.ts';
import type { CallOrder, CallPlacer, PlacedCall, PlaceRefusal } from './call-order.ts';
import type { PlacedCallListener } from './outgoing-options.ts';
import type { PhoneAddress, PhoneCalls } from './phone-calls.ts';

/** Why a REFER is not followed. */
export type ReferralRefusal =
  /** The trunk's policy: no transfers, or none that we would place. */
  | 'transfers-refused'
  /** The phone is in no room that somebody could be brought into. */
  | 'not-in-room'
  | 'number-not-allowed'
  /** Replaces names a call of ours: two rooms would have to become one. */
  | 'joins-two-rooms'
  /** This call has been transferred often enough, or calls of the trunk's transfers are as many as they may be. */
  | 'too-many-transfers'
  | PlaceRefusal;

export interface ReferralDeskOptions {
  /** Where transferred calls may be placed, whatever it says by then. */
  readonly plan: Pick<CallPlan, 'outboundTrunks'>;
  readonly dialer: CallPlacer;
  readonly calls: PhoneCalls;
}

/** A trunk whose phones ask for transfers, in or out. */
export type TransferringTrunk = Pick<InboundTrunk, 'country' | 'transfers'>;

/** A phone that asks for a transfer. */
export interface Transferor {
  readonly trunk: TransferringTrunk;
  /** Where it is; undefined: nowhere yet. */
  readonly place: PhoneAddress | undefined;
  /** Its transfers that were followed before. */
  readonly before: number;
}

/** A transferred call rings no longer, whatever its trunk allows. */
export const MAX_RINGING_MS: Millis = 180_000;

export class ReferralDesk {
  readonly #options: ReferralDeskOptions;
  /** Numbers that each trunk's transfers may call, compiled when first asked for. */
  readonly #allowed = new WeakMap<TransferringTrunk, NumberSet>();
  /** Calls that live, by the trunk whose transfers placed them. */
  readonly #live = new Map<TransferringTrunk, number>();

  constructor(options: ReferralDeskOptions) {
    this.#options = options;
  }

  /**
   * Places the call that a REFER asks for, into the room of who asks. Of Refer-To the number counts alone: where it is called, and as
   * whom, is for our own trunk to say.
   */
  place(
    transferor: Transferor,
    referral: Referral,
    listener: PlacedCallListener,
  ): Result<PlacedCall, ReferralRefusal> {
    const order = this.#order(transferor, referral);
    if (!order.ok) return order;
    const { trunk } = transferor;
    const placed = this.#options.dialer.placeCall(order.value, {
      ringing: () => listener.ringing(),
      answered: () => listener.answered(),
      over: (ending, talkedMs) => {
        const left = (this.#live.get(trunk) ?? 1) - 1;
        if (left > 0) this.#live.set(trunk, left);
        else this.#live.delete(trunk);
        listener.over(ending, talkedMs);
      },
    });
    if (placed.ok) this.#live.set(trunk, (this.#live.get(trunk) ?? 0) + 1);
    return placed;
  }

  #order({ trunk, place, before }: Transferor, referral: Referral): Result<CallOrder, ReferralRefusal> {
    const { transfers } = trunk;
    const { plan, calls } = this.#options;
    const by = plan.outboundTrunks.find(({ id }) => id === transfers?.trunk);
    if (transfers === undefined || by === undefined) return fail('transfers-refused');
    if (place === undefined) return fail('not-in-room');
    const { target, replaces, referredBy } = referral;
    if (replaces !== undefined && calls.named(replaces) !== undefined) return fail('joins-two-rooms');
    const number = normalizeNumber(target.user, trunk.country);
    if (!number.ok || this.#allowedOf(trunk).closeness(number.value) === 0) return fail('number-not-allowed');
    const live = this.#live.get(trunk) ?? 0;
    if (before >= transfers.maxPerCall || live >= transfers.maxAtOnce) return fail('too-many-transfers');
    const ringingTimeoutMs = by.ringingTimeoutMs === 0 ? MAX_RINGING_MS : by.ringingTimeoutMs;
    return ok({
      trunk: by,
      // Who is in the room stays in his call, with somebody else.
      continues: 'live-call',
      to: number.value,
      room: place.room,
      ringingTimeoutMs: Math.min(ringingTimeoutMs, MAX_RINGING_MS),
      headers: {
        // RFC 3892 section 2.2: carried on as it stood.
        ...(referredBy === undefined ? {} : { 'Referred-By': referredBy }),
        ...(replaces === undefined ? {} : { Replaces: formatReplaces(replaces) }),
      },
    });
  }

  #allowedOf(trunk: TransferringTrunk): NumberSet {
    const known = this.#allowed.get(trunk);
    if (known !== undefined) return known;
    const allowed = new NumberSet(trunk.transfers?.numbers ?? [], trunk.country);
    this.#allowed.set(trunk, allowed);
    return allowed;
  }
}
