import type { SealingWay } from './sealing-way.ts';

/** The longest MID that a row can have, bytes. */
export const MAX_FAN_MID = 16;

/** What one receiver's packets have of their own. */
export interface FanRow {
  readonly way: SealingWay;
  readonly ssrc: number;
  /** Added to the timestamp of every packet, modulo 2^32. */
  readonly timestampOffset: number;
  /** The SRTP index (RFC 3711 section 3.3.1) of the packet whose advance is 0; its lower 16 bits are the sequence number. */
  readonly index: number;
  /** At most {@link MAX_FAN_MID} bytes, as many as the other rows'. */
  readonly mid: Uint8Array;
}

/** A packet in plain for all rows, in which some fields are still to be filled in. */
export interface FannedPacket {
  /** RTP header, extension and payload from the beginning on: room for a seal need not be behind. */
  readonly bytes: Uint8Array;
  length: number;
  headerEnd: number;
  /** Of the source. */
  timestamp: number;
  /** By how many numbers it is ahead of the packet with advance 0. A number is used once. */
  advance: number;
  /** Where each row's MID goes; 0: nowhere. */
  midAt: number;
}

/**
 * One packet for many: each row's gets its SSRC, sequence number, timestamp and MID, is sealed with its keys, and leaves on its way
 * when the callback at hand is over. Rows are numbered from 0 on, without holes.
 */
export interface FanOut {
  /** The row is the last one from now on; false, and it is not: its way is none of this kind, or is closed. */
  add(row: FanRow): boolean;
  /** The last row has its number from now on. */
  remove(row: number): void;
  /** Packets that wait on those ways already are sent before it. */
  send(packet: FannedPacket): void;
}
