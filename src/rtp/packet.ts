/**
 * RTP packets as bytes (RFC 3550 section 5.1, header extensions of RFC 8285).
 *
 *  0                   1                   2                   3
 *  |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 *  |                           timestamp                           |
 *  |                             SSRC                              |
 *  |  CSRC (0 … 15) …  |  X: profile, length in words, elements …  |
 */

/** Why bytes are no RTP packet. */
export type RtpFault = 'short' | 'version' | 'csrc' | 'extension' | 'padding';

/** RFC 6464 level of a packet that carries none. */
export const NO_LEVEL = -1;

/**
 * A parsed view on one RTP packet in somebody's buffer. Views are reused: whoever is handed one may read it during the
 * call, and copies what it keeps.
 */
export class RtpView {
  bytes: Uint8Array = new Uint8Array(0);
  payloadType = 0;
  marker = false;
  /** 16 bits. */
  sequence = 0;
  /** 32 bits, unsigned. */
  timestamp = 0;
  /** 32 bits, unsigned. */
  ssrc = 0;
  payloadStart = 0;
  /** Exclusive; padding is left out. */
  payloadEnd = 0;
  /** First byte of the first extension element, or 0 when there is no extension. */
  extensionStart = 0;
  extensionEnd = 0;
  /** 0xbede = one-byte elements, 0x100x = two-byte elements. */
  extensionProfile = 0;
  /** RFC 6464 audio level in -dBov, 0 loudest … 127 silence, or {@link NO_LEVEL}; set by whoever knows the extension id or measured it. */
  level = NO_LEVEL;
  /** Where AV1's Dependency Descriptor stands, as {@link findExtension} answers; 0: nowhere. Set by whoever knows the extension id. */
  descriptor = 0;

  /** The payload, as a view on the same bytes. */
  get payload(): Uint8Array {
    return this.bytes.subarray(this.payloadStart, this.payloadEnd);
  }
}

/** Parses `bytes[0, length)` into `view`; undefined when it is an RTP packet, else why not. Never throws, allocates nothing. */
export function parseRtp(bytes: Uint8Array, length: number, view: RtpView): RtpFault | undefined {
  if (length < 12) return 'short';
  const first = bytes[0]!;
  if (first >> 6 !== 2) return 'version';
  const second = bytes[1]!;
  let offset = 12 + 4 * (first & 0x0f);
  if (offset > length) return 'csrc';
  view.extensionStart = 0;
  view.extensionEnd = 0;
  view.extensionProfile = 0;
  if (first & 0x10) {
    if (offset + 4 > length) return 'extension';
    view.extensionProfile = (bytes[offset]! << 8) | bytes[offset + 1]!;
    const words = (bytes[offset + 2]! << 8) | bytes[offset + 3]!;
    view.extensionStart = offset + 4;
    offset += 4 + 4 * words;
    if (offset > length) return 'extension';
    view.extensionEnd = offset;
  }
  let end = length;
  if (first & 0x20) {
    const padding = bytes[length - 1]!;
    if (padding === 0 || offset + padding > length) return 'padding';
    end = length - padding;
  }
  view.bytes = bytes;
  view.marker = (second & 0x80) !== 0;
  view.payloadType = second & 0x7f;
  view.sequence = (bytes[2]! << 8) | bytes[3]!;
  view.timestamp = readU32(bytes, 4);
  view.ssrc = readU32(bytes, 8);
  view.payloadStart = offset;
  view.payloadEnd = end;
  view.level = NO_LEVEL;
  view.descriptor = 0;
  return undefined;
}

/**
 * Finds extension element `id` (1 … 14, or … 255 in two-byte form). Answers offset << 8 | length of its data in
 * `view.bytes`, or 0 when it is not there: an offset is never 0, and nothing is allocated.
 */
export function findExtension(view: RtpView, id: number): number {
  const { bytes, extensionEnd: end } = view;
  let offset = view.extensionStart;
  if (offset === 0 || id === 0) return 0;
  const oneByte = view.extensionProfile === 0xbede;
  if (!oneByte && (view.extensionProfile & 0xfff0) !== 0x1000) return 0;
  while (offset < end) {
    const head = bytes[offset]!;
    if (head === 0) {
      offset++;
      continue;
    }
    let found: number;
    let length: number;
    if (oneByte) {
      found = head >> 4;
      length = (head & 0x0f) + 1;
      if (found === 15) return 0;
      offset += 1;
    } else {
      if (offset + 1 >= end) return 0;
      found = head;
      length = bytes[offset + 1]!;
      offset += 2;
    }
    if (offset + length > end) return 0;
    if (found === id) return (offset << 8) | length;
    offset += length;
  }
  return 0;
}

/** Writes the 12 bytes of a header without CSRC; `hasExtension` sets X, the caller writes the extension behind. */
export function writeRtpHeader(
  into: Uint8Array,
  offset: number,
  fields: {
    payloadType: number;
    marker: boolean;
    sequence: number;
    timestamp: number;
    ssrc: number;
    extension: 'none' | 'follows';
  },
): void {
  into[offset] = fields.extension === 'follows' ? 0x90 : 0x80;
  into[offset + 1] = (fields.marker ? 0x80 : 0) | (fields.payloadType & 0x7f);
  into[offset + 2] = fields.sequence >> 8;
  into[offset + 3] = fields.sequence;
  writeU32(into, offset + 4, fields.timestamp);
  writeU32(into, offset + 8, fields.ssrc);
}

export function readU32(bytes: Uint8Array, offset: number): number {
  return (
    ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>>
    0
  );
}

export function writeU32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
}
