import type { FannedPacket, FanRow } from '../../src/base/fan-out.ts';
import { writeU32 } from '../../src/rtp/packet.ts';

/** A row's copy of a packet, in plain: what `addon/fan.cc` makes. */
export function filledIn(
  { advance, bytes, length, midAt, timestamp }: FannedPacket,
  row: FanRow,
): Uint8Array {
  const copy = bytes.slice(0, length);
  const index = row.index + advance;
  copy[2] = index >> 8;
  copy[3] = index;
  writeU32(copy, 4, (timestamp + row.timestampOffset) >>> 0);
  writeU32(copy, 8, row.ssrc);
  if (midAt > 0) copy.set(row.mid, midAt);
  return copy;
}
