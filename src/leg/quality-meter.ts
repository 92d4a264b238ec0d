import type { CallQuality, WayQuality } from '../events/index.ts';
import { meanOpinionScore } from './e-model.ts';
import type { FarView } from './far-reports.ts';

/** Counted by a leg since its beginning. */
export interface LegCounts {
  readonly packetsIn: number;
  readonly lost: number;
  readonly late: number;
  /** Sound made up, ms. */
  readonly concealedMs: number;
}

/** How a leg fares from one look to the next: ITU-T G.107's score of both ways. */
export class QualityMeter {
  #before: LegCounts = { packetsIn: 0, lost: 0, late: 0, concealedMs: 0 };

  /**
   * What happened since the last call; `far` is what the phone told meanwhile. Undefined when nothing came and nothing was
   * told: of silence there is nothing to say.
   */
  take(
    counts: LegCounts,
    far: FarView | undefined,
    { jitterMs, roundTripMs }: { readonly jitterMs: number; readonly roundTripMs: number | undefined },
  ): CallQuality | undefined {
    const before = this.#before;
    this.#before = counts;
    const packets = counts.packetsIn - before.packetsIn;
    // What was given up for lost may still come.
    const lost = Math.max(0, counts.lost - before.lost);
    const late = Math.min(packets, counts.late - before.late);
    const expected = packets + lost;
    const heard =
      packets === 0
        ? undefined
        : {
            ...wayQuality({ loss: lost / expected, discarded: late / expected, jitterMs, roundTripMs }),
            concealedMs: Math.round(counts.concealedMs - before.concealedMs),
          };
    const sent = far === undefined ? undefined : wayQuality({ ...far, roundTripMs });
    if (heard === undefined && sent === undefined) return undefined;
    return {
      ...(heard !== undefined && { heard }),
      ...(sent !== undefined && { sent }),
      ...(roundTripMs !== undefined && { roundTripMs: Math.round(roundTripMs) }),
    };
  }
}

/** One way's numbers, rounded, with the score that they come to, unless the phone has one of its own. */
function wayQuality({
  loss,
  discarded,
  jitterMs,
  roundTripMs,
  mos,
}: Omit<FarView, 'mos'> & {
  readonly mos?: number | undefined;
  readonly roundTripMs: number | undefined;
}): WayQuality {
  const score = mos ?? meanOpinionScore({ loss: Math.min(1, loss + discarded), jitterMs, roundTripMs });
  return {
    loss: rounded(loss, 4),
    discarded: rounded(discarded, 4),
    jitterMs: rounded(jitterMs, 1),
    mos: rounded(score, 2),
  };
}

function rounded(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
