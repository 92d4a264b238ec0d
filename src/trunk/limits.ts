import type { Millis } from '../base/clock.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { TokenBucket } from '../base/token-bucket.ts';
import type { InboundTrunk } from './trunk.ts';

/** `trunk-limit`: as many calls as allowed are up. `trunk-rate`: they come too fast. */
export type LimitRefusal = 'trunk-limit' | 'trunk-rate';

/** A call's place on its trunk. */
export interface CallSlot {
  /** Gives the place back; harmless the second time. */
  release(): void;
}

interface Usage {
  calls: number;
  /** Calls per second that the bucket is for; 0: there is none. */
  rate: number;
  bucket: TokenBucket | undefined;
}

class Slot implements CallSlot {
  #usage: Usage | undefined;

  constructor(usage: Usage) {
    this.#usage = usage;
  }

  release(): void {
    if (this.#usage !== undefined) this.#usage.calls--;
    this.#usage = undefined;
  }
}

/** Counts calls and call attempts of each trunk against its limits. */
export class TrunkLimits {
  readonly #usage = new Map<string, Usage>();

  /**
   * Takes a place for a new call on `trunk`, or says which limit is in the way. A call that comes `instead` of another is let in where
   * there are as many as there may be: the other will go.
   */
  begin(
    trunk: Pick<InboundTrunk, 'id' | 'maxCalls' | 'callsPerSecond'>,
    now: Millis,
    comes: 'beside' | 'instead' = 'beside',
  ): Result<CallSlot, LimitRefusal> {
    const usage = this.#of(trunk, now);
    const isFull = trunk.maxCalls > 0 && usage.calls >= trunk.maxCalls;
    if (isFull && comes === 'beside') return fail('trunk-limit');
    if (usage.bucket?.take(now) === false) return fail('trunk-rate');
    usage.calls++;
    return ok(new Slot(usage));
  }

  /** Calls that are up on a trunk. */
  calls(trunkId: string): number {
    return this.#usage.get(trunkId)?.calls ?? 0;
  }

  /** Forgets trunks that are gone, as far as no call of theirs is up. */
  keep(ids: ReadonlySet<string>): void {
    for (const [id, { calls }] of this.#usage) if (calls === 0 && !ids.has(id)) this.#usage.delete(id);
  }

  #of(trunk: Pick<InboundTrunk, 'id' | 'callsPerSecond'>, now: Millis): Usage {
    const rate = trunk.callsPerSecond;
    const usage = this.#usage.get(trunk.id) ?? { calls: 0, rate: 0, bucket: undefined };
    this.#usage.set(trunk.id, usage);
    // A trunk may come back with another rate.
    if (usage.rate !== rate) {
      usage.rate = rate;
      usage.bucket =
        rate > 0 ? new TokenBucket({ perSecond: rate, burst: Math.max(1, rate) }, now) : undefined;
    }
    return usage;
  }
}
