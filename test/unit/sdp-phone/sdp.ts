/** An SDP out of its lines after the session's head. */
export function sdp(...lines: string[]): string {
  return ['v=0', 'o=- 1 1 IN IP4 192.0.2.9', 's=-', 't=0 0', ...lines, ''].join('\r\n');
}

/** What a carrier sends: A-law first, keys as telephone-event 101, 20 ms. */
export const CARRIER_OFFER = sdp(
  'c=IN IP4 192.0.2.9',
  'm=audio 4000 RTP/AVP 18 8 0 101',
  'a=rtpmap:18 G729/8000',
  'a=rtpmap:8 PCMA/8000',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-16',
  'a=ptime:20',
  'a=sendrecv',
);
