import type { LegQuality } from '../events/index.ts';

/** What a leg measured of what the phone sent. */
export interface HeardQuality {
  /** Part of the packets that were lost or came too late, 0 … 1. */
  readonly loss: number;
  /** Interarrival jitter, ms. */
  readonly jitterMs: number;
  /** Undefined: nobody told it. */
  readonly roundTripMs: number | undefined;
}

/** R of an undisturbed narrow-band call by the default values of ITU-T G.107 (section 7.7, table 3). */
const UNDISTURBED = 93.2;
/** ITU-T G.113 appendix I, table I.4: robustness of G.711 with concealment against random loss; its Ie is 0. */
const BPL = 25.1;
/** Delay from which a talk suffers more, ms: Cole and Rosenbluth's fit of G.107 section 7.4. */
const KNEE_MS = 177.3;

/**
 * Mean opinion score of a conversation, 1 … 4.41, by the E-model (ITU-T G.107) of narrow-band sound with concealment: a
 * wide-band leg is not scored better. One-way delay is half of the round trip and what the jitter buffer adds.
 */
export function meanOpinionScore({ loss, jitterMs, roundTripMs = 0 }: HeardQuality): number {
  const delay = roundTripMs / 2 + 2 * jitterMs;
  const percent = 100 * Math.min(1, Math.max(0, loss));
  const delayCost = 0.024 * delay + 0.11 * Math.max(0, delay - KNEE_MS);
  // Section 7.5, equation 7-29, with Ie = 0 and BurstR = 1.
  const lossCost = (95 * percent) / (percent + BPL);
  return scoreOf(UNDISTURBED - delayCost - lossCost);
}

/** G.107 annex B, equation B-4. */
function scoreOf(r: number): number {
  if (r <= 0) return 1;
  return Math.max(1, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6);
}

const UNHEARD = { lost: 0, jitterMs: undefined, mos: undefined };

/** A leg's numbers, rounded, with the score that they come to, and what the phone said of ours. */
export function legQuality({
  roundTripMs,
  far = UNHEARD,
  ...counted
}: Omit<LegQuality, 'mos' | 'roundTripMs' | 'farLost' | 'farJitterMs' | 'farMos'> & {
  readonly roundTripMs: number | undefined;
  /** Nothing when not given. */
  readonly far?: {
    readonly lost: number;
    readonly jitterMs: number | undefined;
    readonly mos: number | undefined;
  };
}): LegQuality {
  const { packetsIn, lost, late, jitterMs } = counted;
  const loss = (lost + late) / (packetsIn + lost);
  return {
    ...counted,
    jitterMs: Math.round(jitterMs * 10) / 10,
    ...(roundTripMs !== undefined && { roundTripMs: Math.round(roundTripMs) }),
    ...(packetsIn > 0 && { mos: Math.round(meanOpinionScore({ loss, jitterMs, roundTripMs }) * 100) / 100 }),
    ...(far.jitterMs !== undefined && {
      farLost: far.lost,
      farJitterMs: Math.round(far.jitterMs * 10) / 10,
    }),
    ...(far.mos !== undefined && { farMos: far.mos }),
  };
}
