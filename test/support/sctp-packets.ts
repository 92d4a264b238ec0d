/** SCTP packets by hand (RFC 9260 section 3). */

/** CRC-32C, bit by bit. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

/** A packet with a right checksum, between the ports that everybody has. */
export function sctpPacket(tag: number, ...chunks: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(12), ...chunks]);
  bytes.writeUInt16BE(5000, 0);
  bytes.writeUInt16BE(5000, 2);
  bytes.writeUInt32BE(tag, 4);
  bytes.writeUInt32LE(crc32c(bytes), 8);
  return bytes;
}

/** What a SACK says. */
export interface Sack {
  readonly cumulative: number;
  readonly gaps: readonly (readonly number[])[];
  readonly duplicates: readonly number[];
}

/** Reads the SACK that a packet begins with. */
export function sackOf(packet: Uint8Array): Sack {
  const view = new DataView(packet.buffer, packet.byteOffset + 12, packet.length - 12);
  const [gaps, duplicates] = [view.getUint16(12), view.getUint16(14)];
  return {
    cumulative: view.getUint32(4),
    gaps: Array.from({ length: gaps }, (_, i) => [view.getUint16(16 + 4 * i), view.getUint16(18 + 4 * i)]),
    duplicates: Array.from({ length: duplicates }, (_, i) => view.getUint32(16 + 4 * (gaps + i))),
  };
}
