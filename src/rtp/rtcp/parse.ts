import { fromUtf8 } from '../../base/bytes.ts';
import type { Result } from '../../base/result.ts';
import { fail, ok } from '../../base/result.ts';
import { readU32 } from '../packet.ts';
import { parseTransportFeedback, type TransportFeedback } from './transport-feedback.ts';
import { parseVoipMetrics, type VoipMetrics } from './voip-metrics.ts';

/** What one receiver says of one source (RFC 3550 section 6.4.1). */
export interface ReportBlock {
  readonly ssrc: number;
  /** Loss since the last report, in 256ths. */
  readonly fractionLost: number;
  /** Signed, 24 bits. */
  readonly lost: number;
  readonly highestSequence: number;
  /** In units of the RTP clock. */
  readonly jitter: number;
  /** Middle 32 bits of the last SR's NTP time, or 0. */
  readonly lastSr: number;
  /** Since that SR, in 1/65536 s. */
  readonly delaySinceLastSr: number;
}

/** A packet of an RTCP compound. `ignored` is well-formed and of no use here: REMB, APP. */
export type RtcpPacket =
  | {
      readonly type: 'sr';
      readonly ssrc: number;
      readonly ntpHigh: number;
      readonly ntpLow: number;
      readonly rtpTimestamp: number;
      readonly packets: number;
      readonly octets: number;
      readonly reports: readonly ReportBlock[];
    }
  | { readonly type: 'rr'; readonly ssrc: number; readonly reports: readonly ReportBlock[] }
  | { readonly type: 'sdes'; readonly cnames: readonly { readonly ssrc: number; readonly cname: string }[] }
  | { readonly type: 'bye'; readonly ssrcs: readonly number[] }
  | {
      readonly type: 'nack';
      readonly ssrc: number;
      readonly media: number;
      readonly sequences: readonly number[];
    }
  | { readonly type: 'pli'; readonly ssrc: number; readonly media: number }
  | { readonly type: 'fir'; readonly ssrc: number; readonly media: readonly number[] }
  | { readonly type: 'xr'; readonly ssrc: number; readonly voip: readonly VoipMetrics[] }
  | TransportFeedback
  | { readonly type: 'ignored'; readonly payloadType: number; readonly format: number };

/** Why bytes are no RTCP compound, or none that anybody would send: `many` packets cost much to read. */
export type RtcpFault = 'short' | 'version' | 'length' | 'padding' | 'content' | 'many';

/** Packets of one compound: a conference's reports fill a datagram with half as many. */
const MAX_PACKETS = 64;
/** Of these, feedbacks on a transport, each of which may speak of a thousand packets in 24 bytes; one is usual. */
const MAX_FEEDBACKS = 4;

/**
 * Parses the compound (or the reduced-size packet, RFC 5506) in `bytes[0, length)`. One bad packet spoils the whole:
 * behind it nothing can be found reliably. Never throws.
 */
export function parseRtcp(bytes: Uint8Array, length: number): Result<readonly RtcpPacket[], RtcpFault> {
  if (length < 4) return fail('short');
  const packets: RtcpPacket[] = [];
  let offset = 0;
  let feedbacks = 0;
  while (offset < length) {
    if (offset + 4 > length) return fail('length');
    const first = bytes[offset]!;
    if (first >> 6 !== 2) return fail('version');
    const next = offset + 4 + 4 * ((bytes[offset + 2]! << 8) | bytes[offset + 3]!);
    if (next > length) return fail('length');
    let end = next;
    if (first & 0x20) {
      const padding = bytes[next - 1]!;
      if (padding === 0 || padding > next - offset - 4) return fail('padding');
      end -= padding;
    }
    const packet = parseOne(bytes, offset, end, first & 0x1f, bytes[offset + 1]!);
    if (packet === undefined) return fail('content');
    if (packet.type === 'transport-cc') feedbacks++;
    if (packets.length === MAX_PACKETS || feedbacks > MAX_FEEDBACKS) return fail('many');
    packets.push(packet);
    offset = next;
  }
  return ok(packets);
}

function parseOne(
  bytes: Uint8Array,
  start: number,
  end: number,
  count: number,
  payloadType: number,
): RtcpPacket | undefined {
  const size = end - start;
  switch (payloadType) {
    case 200: {
      if (size < 28 + 24 * count) return undefined;
      return {
        type: 'sr',
        ssrc: readU32(bytes, start + 4),
        ntpHigh: readU32(bytes, start + 8),
        ntpLow: readU32(bytes, start + 12),
        rtpTimestamp: readU32(bytes, start + 16),
        packets: readU32(bytes, start + 20),
        octets: readU32(bytes, start + 24),
        reports: parseReports(bytes, start + 28, count),
      };
    }
    case 201: {
      if (size < 8 + 24 * count) return undefined;
      return { type: 'rr', ssrc: readU32(bytes, start + 4), reports: parseReports(bytes, start + 8, count) };
    }
    case 202:
      return parseSdes(bytes, start + 4, end, count);
    case 203: {
      if (size < 4 + 4 * count) return undefined;
      return {
        type: 'bye',
        ssrcs: Array.from({ length: count }, (_, i) => readU32(bytes, start + 4 + 4 * i)),
      };
    }
    case 205:
      if (count === 15) return parseTransportFeedback(bytes, start, end);
      if (count !== 1) break;
      return size < 16 ? undefined : parseNack(bytes, start, end);
    case 206:
      if (count === 1) {
        return size < 12
          ? undefined
          : { type: 'pli', ssrc: readU32(bytes, start + 4), media: readU32(bytes, start + 8) };
      }
      if (count === 4) return size < 12 ? undefined : parseFir(bytes, start, end);
      break;
    case 207: {
      if (size < 8) return undefined;
      const voip = parseVoipMetrics(bytes, start + 8, end);
      return voip === undefined ? undefined : { type: 'xr', ssrc: readU32(bytes, start + 4), voip };
    }
    default:
  }
  return { type: 'ignored', payloadType, format: count };
}

function parseReports(bytes: Uint8Array, start: number, count: number): ReportBlock[] {
  return Array.from({ length: count }, (_, i) => {
    const at = start + 24 * i;
    const word = readU32(bytes, at + 4);
    return {
      ssrc: readU32(bytes, at),
      fractionLost: word >>> 24,
      lost: (word << 8) >> 8,
      highestSequence: readU32(bytes, at + 8),
      jitter: readU32(bytes, at + 12),
      lastSr: readU32(bytes, at + 16),
      delaySinceLastSr: readU32(bytes, at + 20),
    };
  });
}

/** RFC 3550 section 6.5: chunks of items, each chunk ended by a zero and padded to 32 bits. Only CNAME is kept. */
function parseSdes(bytes: Uint8Array, start: number, end: number, count: number): RtcpPacket | undefined {
  const cnames: { ssrc: number; cname: string }[] = [];
  let offset = start;
  for (let chunk = 0; chunk < count; chunk++) {
    if (offset + 4 > end) return undefined;
    const ssrc = readU32(bytes, offset);
    const chunkStart = offset;
    offset += 4;
    while (offset < end && bytes[offset] !== 0) {
      if (offset + 2 > end) return undefined;
      const itemEnd = offset + 2 + bytes[offset + 1]!;
      if (itemEnd > end) return undefined;
      if (bytes[offset] === 1) cnames.push({ ssrc, cname: fromUtf8(bytes.subarray(offset + 2, itemEnd)) });
      offset = itemEnd;
    }
    offset = chunkStart + ((offset - chunkStart + 4) & ~3);
  }
  return { type: 'sdes', cnames };
}

/** RFC 4585 section 6.2.1: a packet id and a mask of the 16 that follow it. */
function parseNack(bytes: Uint8Array, start: number, end: number): RtcpPacket {
  const sequences: number[] = [];
  for (let at = start + 12; at + 4 <= end; at += 4) {
    const first = (bytes[at]! << 8) | bytes[at + 1]!;
    const mask = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    sequences.push(first);
    for (let bit = 0; bit < 16; bit++) if ((mask >> bit) & 1) sequences.push((first + bit + 1) & 0xffff);
  }
  return { type: 'nack', ssrc: readU32(bytes, start + 4), media: readU32(bytes, start + 8), sequences };
}

/** RFC 5104 section 4.3.1.1: the sources are in the entries, not in the head. */
function parseFir(bytes: Uint8Array, start: number, end: number): RtcpPacket {
  const media: number[] = [];
  for (let at = start + 12; at + 8 <= end; at += 8) media.push(readU32(bytes, at));
  return { type: 'fir', ssrc: readU32(bytes, start + 4), media };
}
