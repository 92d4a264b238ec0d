/** Length of the header of a ChannelData message (RFC 8656 section 12.4). */
export const CHANNEL_HEADER_BYTES = 4;

/**
 * Channel numbers that can be bound. RFC 8656 section 12 ends them at 0x4FFF so that they can be told from DTLS on a
 * shared port; here nothing shares the port, and clients of RFC 5766 section 11 (coturn's) go up to 0x7FFE.
 */
export function isChannelNumber(number: number): boolean {
  return number >= 0x4000 && number <= 0x7ffe;
}

/** True when a message that starts with this byte is ChannelData. */
export function startsChannelData(first: number): boolean {
  return first >= 0x40 && first <= 0x7f;
}

/** Data bytes of the ChannelData message in `bytes`, or -1 when it is cut short. Padding may follow over UDP too. */
export function channelDataLength(bytes: Uint8Array): number {
  if (bytes.length < CHANNEL_HEADER_BYTES) return -1;
  const length = (bytes[2]! << 8) | bytes[3]!;
  return CHANNEL_HEADER_BYTES + length > bytes.length ? -1 : length;
}
