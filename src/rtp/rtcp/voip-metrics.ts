/** RTCP extended reports (RFC 3611), as far as telephones send them: the block of VoIP metrics. */
import { readU32 } from '../packet.ts';

/** What a phone says of the sound that it got from one source (RFC 3611 section 4.7). */
export interface VoipMetrics {
  /** The source that it is about. */
  readonly ssrc: number;
  /** Packets that never came, since the beginning, in 256ths. */
  readonly lossRate: number;
  /** Packets that came too early or too late to be played, likewise. */
  readonly discardRate: number;
  /** In 256ths: how much is lost or discarded within bursts, and how long they are on average, ms. */
  readonly burstDensity: number;
  readonly burstMs: number;
  /** Likewise between bursts. */
  readonly gapDensity: number;
  readonly gapMs: number;
  /** Undefined: not measured yet. */
  readonly roundTripMs: number | undefined;
  /** What the phone itself adds, its jitter buffer before all, ms. */
  readonly endSystemMs: number;
  /** 0 … 100; undefined: the phone does not know. */
  readonly rFactor: number | undefined;
  /** Mean opinion scores of listening and of talking, 1 … 5. */
  readonly mosListening: number | undefined;
  readonly mosConversation: number | undefined;
  /** Nominal delay of its jitter buffer, ms. */
  readonly jitterBufferMs: number;
}

const VOIP_METRICS = 7;
/** 32-bit words behind the block's header. */
const VOIP_WORDS = 8;
/** Blocks of one report that are kept: a phone speaks of us, and perhaps of others in its own conference. */
const MAX_BLOCKS = 8;
const UNAVAILABLE = 127;

/**
 * The VoIP metrics among the report blocks in `bytes[start, end)`, which begin behind the sender's SSRC; other blocks are
 * passed over. Undefined when a block does not fit in.
 */
export function parseVoipMetrics(bytes: Uint8Array, start: number, end: number): VoipMetrics[] | undefined {
  const found: VoipMetrics[] = [];
  let at = start;
  while (at < end) {
    if (at + 4 > end) return undefined;
    const words = readU16(bytes, at + 2);
    const next = at + 4 + 4 * words;
    if (next > end) return undefined;
    if (bytes[at] === VOIP_METRICS && words === VOIP_WORDS && found.length < MAX_BLOCKS)
      found.push(readBlock(bytes, at));
    at = next;
  }
  return found;
}

function readBlock(bytes: Uint8Array, at: number): VoipMetrics {
  const roundTripMs = readU16(bytes, at + 16);
  return {
    ssrc: readU32(bytes, at + 4),
    lossRate: bytes[at + 8]!,
    discardRate: bytes[at + 9]!,
    burstDensity: bytes[at + 10]!,
    gapDensity: bytes[at + 11]!,
    burstMs: readU16(bytes, at + 12),
    gapMs: readU16(bytes, at + 14),
    roundTripMs: roundTripMs === 0 ? undefined : roundTripMs,
    endSystemMs: readU16(bytes, at + 18),
    rFactor: within(bytes[at + 24]!, 0, 100),
    mosListening: tenths(bytes[at + 26]!),
    mosConversation: tenths(bytes[at + 27]!),
    jitterBufferMs: readU16(bytes, at + 30),
  };
}

/** Section 4.7.5: 127 stands for unavailable, and nothing beyond the range means anything. */
function within(value: number, least: number, most: number): number | undefined {
  return value === UNAVAILABLE || value < least || value > most ? undefined : value;
}

function tenths(value: number): number | undefined {
  const known = within(value, 10, 50);
  return known === undefined ? undefined : known / 10;
}

function readU16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
