/** What a datagram on a port shared by ICE, DTLS and SRTP is, by its first bytes. */
export type PacketKind = 'stun' | 'dtls' | 'rtp' | 'rtcp' | 'turn-channel' | 'unknown';

/**
 * RFC 7983 section 7 by the first byte, and RFC 5761 section 4 between RTP and RTCP: payload types 64 … 95 are RTCP,
 * that is second bytes 192 … 223. ZRTP and QUIC have no user here and are unknown.
 */
export function classify(bytes: Uint8Array): PacketKind {
  if (bytes.length === 0) return 'unknown';
  const first = bytes[0]!;
  if (first >= 128 && first <= 191) {
    if (bytes.length < 2) return 'unknown';
    const second = bytes[1]!;
    return second >= 192 && second <= 223 ? 'rtcp' : 'rtp';
  }
  if (first <= 3) return 'stun';
  if (first >= 20 && first <= 63) return 'dtls';
  if (first >= 64 && first <= 79) return 'turn-channel';
  return 'unknown';
}
