/** Writes what the tests read: `packets` as Ogg pages of one stream, `segments` lacing values to a page at most. */
export function oggPages(packets: readonly Uint8Array[], granule: number, segments = 255): Uint8Array {
  const lacing = packets.flatMap((packet) => [
    ...Array.from({ length: Math.floor(packet.length / 255) }, () => 255),
    packet.length % 255,
  ]);
  const data = packets.flatMap((packet) => [...packet]);
  const pages: number[] = [];
  let at = 0;
  for (let from = 0; from < lacing.length; from += segments) {
    const table = lacing.slice(from, from + segments);
    const size = table.reduce((sum, each) => sum + each, 0);
    const isLast = from + segments >= lacing.length;
    const header = new Uint8Array(27);
    header.set([0x4f, 0x67, 0x67, 0x53, 0, lacing[from - 1] === 255 ? 1 : 0]);
    const view = new DataView(header.buffer);
    view.setBigInt64(6, BigInt(isLast ? granule : -1), true);
    view.setUint32(14, 77, true);
    header[26] = table.length;
    pages.push(...header, ...table, ...data.slice(at, at + size));
    at += size;
  }
  return Uint8Array.from(pages);
}

/** RFC 7845 section 5.1. */
export function opusHead(preSkip: number): Uint8Array {
  const bytes = new Uint8Array(19);
  bytes.set([...'OpusHead'].map((letter) => letter.charCodeAt(0)));
  bytes.set([1, 1, preSkip & 255, preSkip >> 8], 8);
  return bytes;
}
