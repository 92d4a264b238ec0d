/** Ogg files (RFC 3533) as bytes: the packets of their first logical stream. */
import { fail, ok, type Result } from '../base/result.ts';

/** Why bytes are no Ogg stream that can be read here. */
export type OggFault = 'not-ogg' | 'damaged';

/** A stream's packets, in order. */
export interface OggStream {
  readonly packets: readonly Uint8Array[];
  /** Granule position of the last page: in Opus the samples at 48 kHz up to the end, pre-skip included. */
  readonly granule: number;
}

const HEADER = 27;
/** Header type flag: the page begins with the rest of a packet. */
const CONTINUED = 1;

/** Reads the first logical stream; pages of others are passed over. What was cut off gives what is there before it. */
export function parseOgg(bytes: Uint8Array): Result<OggStream, OggFault> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const packets: Uint8Array[] = [];
  let serial: number | undefined;
  let open: Uint8Array[] = [];
  let granule = 0;
  let at = 0;
  while (at + HEADER <= bytes.length) {
    if (!capturesPage(bytes, at)) return fail(at === 0 ? 'not-ogg' : 'damaged');
    const segments = bytes[at + 26]!;
    const table = bytes.subarray(at + HEADER, at + HEADER + segments);
    const start = at + HEADER + segments;
    const end = table.reduce((sum, size) => sum + size, start);
    if (table.length < segments || end > bytes.length) break;
    const pageSerial = view.getUint32(at + 14, true);
    serial ??= pageSerial;
    if (pageSerial === serial) {
      if ((bytes[at + 5]! & CONTINUED) === 0) open = [];
      open = takePage(bytes, start, table, open, packets);
      const position = Number(view.getBigInt64(at + 6, true));
      // -1: no packet ends on this page.
      if (position >= 0) granule = position;
    }
    at = end;
  }
  return serial === undefined ? fail('not-ogg') : ok({ packets, granule });
}

/** Cuts a page into packets by its lacing values; answers what goes on on the next page. */
function takePage(
  bytes: Uint8Array,
  start: number,
  table: Uint8Array,
  begun: Uint8Array[],
  packets: Uint8Array[],
): Uint8Array[] {
  let open = begun;
  let from = start;
  let to = start;
  for (const size of table) {
    to += size;
    if (size === 255) continue;
    packets.push(joined([...open, bytes.subarray(from, to)]));
    open = [];
    from = to;
  }
  return from === to ? open : [...open, bytes.subarray(from, to)];
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** `OggS`, version 0. */
function capturesPage(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 0x4f &&
    bytes[at + 1] === 0x67 &&
    bytes[at + 2] === 0x67 &&
    bytes[at + 3] === 0x53 &&
    bytes[at + 4] === 0
  );
}
