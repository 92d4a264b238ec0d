/** Bytes of a DATA chunk before its user data (RFC 9260 section 3.3.1). */
export const DATA_HEADER = 16;
const FORWARD_TSN_HEADER = 8;
const SACK_HEADER = 16;
const DATA = 0;
const SACK = 3;
const FORWARD_TSN = 192;
const UNORDERED = 0x04;
const FIRST = 0x02;
const LAST = 0x01;

/** What a DATA chunk says of the part of a message that is in it. */
export interface DataPart {
  readonly tsn: number;
  readonly stream: number;
  /** SSN; of no meaning when unordered. */
  readonly streamSequence: number;
  readonly protocol: number;
  readonly order: 'ordered' | 'unordered';
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** Bytes that a chunk of so much user data takes in a packet: chunks begin at multiples of four. */
export function dataChunkLength(userData: number): number {
  return DATA_HEADER + ((userData + 3) & ~3);
}

/** Writes a DATA chunk with padding (RFC 9260 section 3.3.1) into `to` at `at`. Returns where it ends. */
export function writeDataChunk(to: Uint8Array, at: number, part: DataPart, userData: Uint8Array): number {
  const view = new DataView(to.buffer, to.byteOffset, to.length);
  to[at] = DATA;
  to[at + 1] =
    (part.order === 'unordered' ? UNORDERED : 0) | (part.isFirst ? FIRST : 0) | (part.isLast ? LAST : 0);
  view.setUint16(at + 2, DATA_HEADER + userData.length);
  view.setUint32(at + 4, part.tsn);
  view.setUint16(at + 8, part.stream);
  view.setUint16(at + 10, part.order === 'unordered' ? 0 : part.streamSequence);
  view.setUint32(at + 12, part.protocol);
  to.set(userData, at + DATA_HEADER);
  const end = at + dataChunkLength(userData.length);
  to.fill(0, at + DATA_HEADER + userData.length, end);
  return end;
}

/**
 * A FORWARD TSN chunk (RFC 3758 section 3.2): the peer waits for nothing up to `tsn` any more. `streams`: of those whose
 * messages are in order, the last number that is left out.
 */
export function forwardTsnChunk(tsn: number, streams: ReadonlyMap<number, number>): Uint8Array {
  const chunk = new Uint8Array(FORWARD_TSN_HEADER + 4 * streams.size);
  const view = new DataView(chunk.buffer);
  chunk[0] = FORWARD_TSN;
  view.setUint16(2, chunk.length);
  view.setUint32(4, tsn);
  let at = FORWARD_TSN_HEADER;
  for (const [stream, sequence] of streams) {
    view.setUint16(at, stream);
    view.setUint16(at + 2, sequence);
    at += 4;
  }
  return chunk;
}

/**
 * A SACK chunk (RFC 9260 section 3.3.4). `window`: bytes that there is room for; `gaps`: first and last offset from
 * `cumulativeTsn` of each stretch that came beyond it, ascending.
 */
export function sackChunk(
  cumulativeTsn: number,
  window: number,
  gaps: readonly (readonly [first: number, last: number])[],
  duplicates: readonly number[],
): Uint8Array {
  const chunk = new Uint8Array(SACK_HEADER + 4 * (gaps.length + duplicates.length));
  const view = new DataView(chunk.buffer);
  chunk[0] = SACK;
  view.setUint16(2, chunk.length);
  view.setUint32(4, cumulativeTsn);
  view.setUint32(8, Math.max(0, window));
  view.setUint16(12, gaps.length);
  view.setUint16(14, duplicates.length);
  let at = SACK_HEADER;
  for (const [first, last] of gaps) {
    view.setUint16(at, first);
    view.setUint16(at + 2, last);
    at += 4;
  }
  for (const tsn of duplicates) {
    view.setUint32(at, tsn);
    at += 4;
  }
  return chunk;
}
