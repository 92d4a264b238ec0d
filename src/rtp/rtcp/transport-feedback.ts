/**
 * Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1): when each
 * packet of a transport arrived, whatever its source.
 *
 *  |V=2|P|  FMT=15 |    PT=205     |           length              |
 *  |                     SSRC of packet sender                     |
 *  |                      SSRC of media source                     |
 *  |      base sequence number     |      packet status count      |
 *  |                 reference time                | fb pkt. count |
 *  |          packet chunks, 16 bits each …                        |
 *  |          receive deltas, 8 or 16 bits each …                  |
 */
import type { Millis } from '../../base/clock.ts';
import { readU32, writeU32 } from '../packet.ts';

/** Packets that one feedback may speak of; beyond, no honest receiver waits. */
export const MAX_STATUSES = 1024;
/** What {@link writeTransportFeedback} writes at most: a vector chunk for seven packets, and two bytes of delta each. */
export const MAX_FEEDBACK_BYTES = 20 + 2 * Math.ceil(MAX_STATUSES / 7) + 2 * MAX_STATUSES + 3;

const TICK: Millis = 0.25;
const REFERENCE: Millis = 64;

/** What a feedback says: for `base`, `base` + 1 … when it arrived, ms of the receiver's clock, NaN: it has not. */
export interface TransportFeedback {
  readonly type: 'transport-cc';
  readonly base: number;
  /** Within the reference time's 24 bits of 64 ms, which wrap every 12 days. */
  readonly arrivals: Float64Array;
}

/** Reads the feedback packet `bytes[start, end)`; undefined when it is none. */
export function parseTransportFeedback(
  bytes: Uint8Array,
  start: number,
  end: number,
): TransportFeedback | undefined {
  if (end - start < 20) return undefined;
  const word = readU32(bytes, start + 12);
  const count = word & 0xffff;
  if (count === 0 || count > MAX_STATUSES) return undefined;
  const statuses = new Uint8Array(count);
  let at = readChunks(bytes, start + 20, end, statuses);
  if (at < 0) return undefined;
  const arrivals = new Float64Array(count).fill(Number.NaN);
  let time = (readU32(bytes, start + 16) >>> 8) * REFERENCE;
  for (let i = 0; i < count; i++) {
    const status = statuses[i]!;
    if (status === 0) continue;
    if (at + status > end) return undefined;
    time += TICK * (status === 1 ? bytes[at]! : ((bytes[at]! << 24) | (bytes[at + 1]! << 16)) >> 16);
    at += status;
    arrivals[i] = time;
  }
  return { type: 'transport-cc', base: word >>> 16, arrivals };
}

/** Fills `statuses`, for each packet how many bytes its delta has; answers where the deltas begin, or -1. */
function readChunks(bytes: Uint8Array, from: number, end: number, statuses: Uint8Array): number {
  let at = from;
  let i = 0;
  while (i < statuses.length) {
    if (at + 2 > end) return -1;
    const chunk = (bytes[at]! << 8) | bytes[at + 1]!;
    at += 2;
    if (chunk >> 15 === 0) {
      const status = (chunk >> 13) & 3;
      if (status === 3) return -1;
      for (let run = chunk & 0x1fff; run > 0 && i < statuses.length; run--) statuses[i++] = status;
      continue;
    }
    const bits = chunk & 0x4000 ? 2 : 1;
    for (let shift = 14 - bits; shift >= 0 && i < statuses.length; shift -= bits) {
      const status = (chunk >> shift) & (bits === 2 ? 3 : 1);
      if (status === 3) return -1;
      statuses[i++] = status;
    }
  }
  return at;
}

/**
 * Writes a feedback at `start` and answers where it ends. `arrivals` are in ms of one clock, NaN for what has not come; at
 * most {@link MAX_STATUSES}, and one at least is there. `count` counts feedbacks.
 */
export function writeTransportFeedback(
  bytes: Uint8Array,
  start: number,
  feedback: {
    readonly sender: number;
    readonly media: number;
    readonly base: number;
    readonly count: number;
    readonly arrivals: Float64Array;
  },
): number {
  const { arrivals, base, count, media, sender } = feedback;
  const first = arrivals.find((arrival) => !Number.isNaN(arrival)) ?? 0;
  const reference = Math.floor(first / REFERENCE);
  let at = start + 20 + 2 * Math.ceil(arrivals.length / 7);
  let ticks = Math.round((reference * REFERENCE) / TICK);
  let chunk = 0;
  for (let i = 0; i < arrivals.length; i++) {
    const arrival = arrivals[i]!;
    let status = 0;
    if (!Number.isNaN(arrival)) {
      // Ticks are counted from those that were written, so that rounding does not add up.
      const delta = Math.max(-32_768, Math.min(32_767, Math.round(arrival / TICK) - ticks));
      ticks += delta;
      status = delta >= 0 && delta <= 255 ? 1 : 2;
      if (status === 2) bytes[at++] = delta >> 8;
      bytes[at++] = delta;
    }
    chunk |= status << (12 - 2 * (i % 7));
    if (i % 7 === 6 || i === arrivals.length - 1) {
      const into = start + 20 + 2 * Math.floor(i / 7);
      bytes[into] = 0xc0 | (chunk >> 8);
      bytes[into + 1] = chunk;
      chunk = 0;
    }
  }
  while ((at - start) & 3) bytes[at++] = 0;
  bytes[start] = 0x8f;
  bytes[start + 1] = 205;
  const words = (at - start) / 4 - 1;
  bytes[start + 2] = words >> 8;
  bytes[start + 3] = words;
  writeU32(bytes, start + 4, sender);
  writeU32(bytes, start + 8, media);
  writeU32(bytes, start + 12, ((base << 16) | arrivals.length) >>> 0);
  writeU32(bytes, start + 16, (((reference & 0xffffff) << 8) | (count & 0xff)) >>> 0);
  return at;
}
