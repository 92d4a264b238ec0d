import type { Buffer as NodeBuffer } from 'node:buffer';

const COMMON_HEADER = 12;
const CHUNK_HEADER = 4;
/** Streams that a peer may use; LiveKit's two channels have ids below 4. */
export const MAX_STREAM = 63;
/** Packets that one SACK may speak of: several times what can be in flight. */
const MAX_SACK_SPAN = 8192;

const DATA = 0;
const INIT = 1;
const INIT_ACK = 2;
const SACK = 3;
const RECONFIG = 130;
const FORWARD_TSN = 192;
/** Chunk types that werift knows (RFC 9260 section 3.2, RFC 3758, RFC 6525); it throws at others. */
const KNOWN = new Set([DATA, INIT, INIT_ACK, SACK, 4, 5, 6, 7, 8, 9, 10, 11, 14, RECONFIG, FORWARD_TSN]);
/** Where a chunk's parameters start, from its own start. */
const PARAMETERS_AT = new Map([
  [INIT, 20],
  [INIT_ACK, 20],
  [4, 4],
  [5, 4],
  [9, 4],
  [RECONFIG, 4],
]);

/**
 * Whether an SCTP packet may be shown to werift. It trusts lengths and counts: a chunk or parameter of length 0 makes it
 * loop for ever, a SACK with wide gaps fills a set with millions of numbers. Any browser in a call could send that.
 */
export function isSoundSctp(packet: NodeBuffer): boolean {
  if (packet.length < COMMON_HEADER + CHUNK_HEADER) return false;
  let at = COMMON_HEADER;
  while (at < packet.length) {
    if (at + CHUNK_HEADER > packet.length) return false;
    const type = packet[at]!;
    const length = packet.readUInt16BE(at + 2);
    if (!KNOWN.has(type) || length < CHUNK_HEADER || at + length > packet.length) return false;
    if (!isSoundChunk(type, packet.subarray(at, at + length))) return false;
    at += (length + 3) & ~3;
  }
  return true;
}

function isSoundChunk(type: number, chunk: NodeBuffer): boolean {
  switch (type) {
    case DATA:
      // RFC 9260 section 3.3.1: at least one byte of user data.
      return chunk.length > 16 && chunk.readUInt16BE(8) <= MAX_STREAM;
    case SACK:
      return isSoundSack(chunk);
    case FORWARD_TSN:
      if (chunk.length < 8 || chunk.length % 4 !== 0) return false;
      for (let at = 8; at < chunk.length; at += 4) if (chunk.readUInt16BE(at) > MAX_STREAM) return false;
      return true;
    default: {
      const parametersAt = PARAMETERS_AT.get(type);
      return parametersAt === undefined || hasSoundParameters(chunk, parametersAt);
    }
  }
}

function isSoundSack(chunk: NodeBuffer): boolean {
  if (chunk.length < 16) return false;
  const gaps = chunk.readUInt16BE(12);
  const duplicates = chunk.readUInt16BE(14);
  if (chunk.length !== 16 + 4 * (gaps + duplicates)) return false;
  let previousEnd = 0;
  for (let i = 0; i < gaps; i++) {
    const start = chunk.readUInt16BE(16 + 4 * i);
    const end = chunk.readUInt16BE(18 + 4 * i);
    // Ascending, so all gaps together span no more than the last one's end.
    if (start <= previousEnd || end < start || end > MAX_SACK_SPAN) return false;
    previousEnd = end;
  }
  return true;
}

function hasSoundParameters(chunk: NodeBuffer, start: number): boolean {
  if (chunk.length < start) return false;
  let at = start;
  while (at < chunk.length) {
    if (at + 4 > chunk.length) return false;
    const length = chunk.readUInt16BE(at + 2);
    if (length < 4 || at + length > chunk.length) return false;
    at += (length + 3) & ~3;
  }
  return true;
}
