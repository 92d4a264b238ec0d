/** What a phone would tell by RFC 3611; `mos` of a conversation in tenths, 127: it does not know. */
export interface ToldMetrics {
  readonly ssrc: number;
  readonly lossRate: number;
  readonly discardRate: number;
  readonly roundTripMs: number;
  readonly mos: number;
}

/** An extended report of `sender`: a block of receiver reference time, then one of VoIP metrics. */
export function extendedReport(sender: number, told: ToldMetrics): Uint8Array {
  const bytes = new Uint8Array(8 + 12 + 36);
  const view = new DataView(bytes.buffer);
  bytes.set([0x80, 207, 0, bytes.length / 4 - 1]);
  view.setUint32(4, sender);
  bytes.set([4, 0, 0, 2], 8);
  const at = 20;
  bytes.set([7, 0, 0, 8], at);
  view.setUint32(at + 4, told.ssrc);
  bytes.set([told.lossRate, told.discardRate, 50, 5], at + 8);
  view.setUint16(at + 12, 300);
  view.setUint16(at + 14, 2000);
  view.setUint16(at + 16, told.roundTripMs);
  view.setUint16(at + 18, 65);
  bytes.set([0x88, 0x88, 127, 16, 71, 127, 38, told.mos, 0b1010_0000, 0], at + 20);
  view.setUint16(at + 30, 60);
  return bytes;
}
