import type { DtlsDrop } from '../../media/dtls-port.ts';

/** Content types of the TLS record layer (RFC 6347 section 4.1). */
export const ContentType = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;

const RECORD_HEADER = 13;
const HANDSHAKE_HEADER = 12;
/** Of AES-GCM, the only cipher: the nonce's explicit part and the tag (RFC 5288 section 3). */
const PROTECTION = 8 + 16;
/** A certificate chain is the longest message; browsers' are under 1 kB. */
const MAX_MESSAGE = 16_384;

/**
 * The end of the record that begins at `start`; -1 when the datagram does not go on with a whole record of DTLS (RFC 6347
 * section 4.1.2.7: to be discarded silently).
 */
export function recordEnd(datagram: Uint8Array, start: number): number {
  if (start + RECORD_HEADER > datagram.length) return -1;
  // 0xfeff is DTLS 1.0, which a ClientHello's record may say (RFC 6347 section 4.2.1).
  const minor = datagram[start + 2];
  if (datagram[start + 1] !== 0xfe || (minor !== 0xfd && minor !== 0xff)) return -1;
  const end = start + RECORD_HEADER + u16(datagram, start + 11);
  return end <= datagram.length ? end : -1;
}

/** Which keys the record that begins at `start` is under: 0 is none. */
export function recordEpoch(datagram: Uint8Array, start: number): number {
  return u16(datagram, start + 3);
}

/** Gives the record another number: 32 of its 48 bits. */
export function renumber(record: Uint8Array, number: number): void {
  record.fill(0, 5, 7);
  record[7] = number >>> 24;
  record[8] = number >>> 16;
  record[9] = number >>> 8;
  record[10] = number;
}

/**
 * Why a record that is not the peer's proven word must not reach OpenSSL; undefined: it may. Anybody on the way can write those in the
 * clear, and OpenSSL gives up for an alert or a message that cannot be.
 */
export function refusal(
  datagram: Uint8Array,
  start: number,
  end: number,
  isConnected: boolean,
): DtlsDrop | undefined {
  const contentType = datagram[start];
  const epoch = recordEpoch(datagram, start);
  if (epoch > 1) return 'unexpected-record';
  if (epoch === 1) {
    // OpenSSL ends the association for one too short to be under the keys.
    if (end - start < RECORD_HEADER + PROTECTION)
      return contentType === ContentType.alert && isConnected ? 'unauthentic-alert' : 'unexpected-record';
    // Under the keys that the handshake is about to prove: its last message, and data that overtook it.
    if (isConnected || contentType === ContentType.handshake || contentType === ContentType.applicationData)
      return undefined;
    return 'unexpected-record';
  }
  if (isConnected) return 'epoch-0';
  if (contentType === ContentType.alert) return 'alert-in-clear';
  if (contentType === ContentType.changeCipherSpec) return undefined;
  if (contentType !== ContentType.handshake) return 'unexpected-record';
  return isWholeFragments(datagram, start + RECORD_HEADER, end) ? undefined : 'fragment';
}

/** Whether handshake fragments fill `bytes[start, end)`, and none claims more than it can (RFC 6347 section 4.2.2). */
function isWholeFragments(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    if (at + HANDSHAKE_HEADER > end) return false;
    const length = u24(bytes, at + 1);
    const offset = u24(bytes, at + 6);
    const size = u24(bytes, at + 9);
    if (length > MAX_MESSAGE || offset + size > length || at + HANDSHAKE_HEADER + size > end) return false;
    at += HANDSHAKE_HEADER + size;
  }
  return at > start;
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function u24(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
}
