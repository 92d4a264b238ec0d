/**
 * A lane beside a socket for a stream that says nothing: its packets are counted and not heard, and what is sent to it is
 * stamped and sent by whoever does that cheaply. The owner comes by now and then, and is told what has come and when.
 */
import type { Millis } from './clock.ts';

/** Packets that a lane counts until it is asked; what comes above is the owner's at once. */
export const LANE_HOLDS = 96;
/** The longest packet that it counts or sends, bytes: 20 ms of G.711 with the header. */
export const LANE_LONGEST = 172;
/** Of an RTP header without CSRC and extension, bytes. */
export const LANE_HEADER = 12;

/** Which packets a lane may keep back, and how those look that it sends. */
export interface LaneTerms {
  /** Who sends them, and where ours go. */
  readonly peer: { readonly address: string; readonly port: number };
  readonly payloadType: number;
  /** Of the stream that says nothing. */
  readonly ssrc: number;
  /** How loud a byte of the payload is: the law of ITU-T G.711 that names it. */
  readonly law: 'pcma' | 'pcmu';
  /** What the squares of a quiet packet's samples are on average, at most; a whole number. */
  readonly quiet: number;
  /** Of the packets that it sends: `sequence` and `timestamp` are the next one's, `ticks` lie between two. */
  readonly out: {
    readonly payloadType: number;
    readonly ssrc: number;
    readonly sequence: number;
    readonly timestamp: number;
    readonly ticks: number;
  };
}

/** SRTP, for a lane whose socket carries it: who opens and seals, and how far each stream has come. */
export interface LaneProtection {
  readonly opener: object;
  readonly sealer: object;
  /** The highest 48-bit index (RFC 3711 section 3.3.1) that was heard; a lane keeps higher ones back only. */
  readonly heard: number;
  /** Of the packet that is sent next. */
  readonly next: number;
}

/** Hears of a packet that was kept back. */
export type HearOf = (sequence: number, timestamp: number, at: Millis) => void;

/** One socket's lane. */
export interface QuietLane {
  /** From now on, again only after {@link wake}; false when it cannot, for the protection is none that it understands. */
  rest(terms: LaneTerms, protection?: LaneProtection): boolean;
  /** Whether it keeps this datagram of its socket back; always false where lanes see datagrams first. */
  holds(bytes: Uint8Array, address: string, port: number, now: Millis): boolean;
  /** Tells of what it has kept back, oldest first; answers how many packets it has sent since the last time. */
  drain(hear: HearOf): number;
  /** No more. */
  wake(): void;
  /** Sends to this lane and others at once. */
  readonly fan: LaneFan;
  /** Its number with {@link fan}. */
  readonly id: number;
}

/** Sends to lanes that rest. */
export interface LaneFan {
  /** The first `count` of `lanes` get a packet of `payload` each. */
  send(lanes: Int32Array, count: number, payload: Uint8Array): void;
}
