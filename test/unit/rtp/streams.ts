import { parseRtp, RtpView, writeRtpHeader } from '../../../src/rtp/packet.ts';

/** A view on a packet made for the purpose. */
export function packet(fields: {
  sequence: number;
  timestamp: number;
  ssrc?: number;
  payloadType?: number;
  payload?: Uint8Array;
  marker?: boolean;
}): RtpView {
  const {
    sequence,
    timestamp,
    ssrc = 1,
    payloadType = 8,
    payload = new Uint8Array(160),
    marker = false,
  } = fields;
  const bytes = new Uint8Array(12 + payload.length);
  writeRtpHeader(bytes, 0, {
    payloadType,
    marker,
    sequence: sequence & 0xffff,
    timestamp: timestamp >>> 0,
    ssrc,
    extension: 'none',
  });
  bytes.set(payload, 12);
  const view = new RtpView();
  if (parseRtp(bytes, bytes.length, view) !== undefined) throw new Error('no RTP');
  return view;
}
