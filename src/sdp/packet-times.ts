import type { PhoneAudio } from './phone-description.ts';

/** What our side of a session says of packet times (RFC 8866 section 6.4), ms. */
export interface PacketTimes {
  /** `a=ptime` of ours, and what we send to who does not say what he wants; undefined: 20 in offers, in answers what they ask for. */
  readonly ptimeMs?: number | undefined;
  /** `a=maxptime` of ours, and the longest that we send; undefined: neither. */
  readonly maxPtimeMs?: number | undefined;
}

/** Packet times that we can send, ms. */
const PTIMES = [10, 20, 30, 40, 50, 60];
/** RFC 3551 section 4.2. */
const DEFAULT_MS = 20;

/**
 * What we send: what the far end would like, made one that we can send: the nearest below, never above its maxptime or ours;
 * what we have set, or 20 ms, when it does not say.
 */
export function choosePtime(
  theirs: Pick<PhoneAudio, 'ptimeMs' | 'maxPtimeMs'>,
  ours: PacketTimes = {},
): number {
  const longest = Math.min(
    theirs.maxPtimeMs ?? Number.POSITIVE_INFINITY,
    ours.maxPtimeMs ?? Number.POSITIVE_INFINITY,
  );
  const wish = Math.min(theirs.ptimeMs ?? ours.ptimeMs ?? DEFAULT_MS, longest);
  return PTIMES.findLast((ptime) => ptime <= wish) ?? DEFAULT_MS;
}
