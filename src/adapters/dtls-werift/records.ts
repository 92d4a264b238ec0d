import type { Buffer as NodeBuffer } from 'node:buffer';
import { Buffer } from 'node:buffer';

/** Content types of the TLS record layer (RFC 6347 section 4.1). */
export const ContentType = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;

export const RECORD_HEADER = 13;
/** DTLS 1.2 on the wire. */
const VERSION = 0xfefd;

/** One record of a datagram; `bytes` is the record with its header, on the datagram's memory. */
export interface DtlsRecord {
  readonly contentType: number;
  readonly epoch: number;
  /** 48 bits. */
  readonly sequence: number;
  readonly bytes: NodeBuffer;
  readonly fragment: NodeBuffer;
}

/**
 * Cuts a datagram into records. Undefined when it does not consist of whole records: werift throws on such
 * (RFC 6347 section 4.1.2.7: invalid records SHOULD be silently discarded).
 */
export function splitRecords(datagram: Uint8Array): DtlsRecord[] | undefined {
  const buffer = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.length);
  const records: DtlsRecord[] = [];
  let offset = 0;
  while (offset < buffer.length) {
    if (offset + RECORD_HEADER > buffer.length) return undefined;
    const end = offset + RECORD_HEADER + buffer.readUInt16BE(offset + 11);
    if (end > buffer.length) return undefined;
    // 0xfeff is DTLS 1.0, which a ClientHello's record may say (RFC 6347 section 4.2.1).
    if (buffer[offset + 1] !== 0xfe || (buffer[offset + 2] !== 0xfd && buffer[offset + 2] !== 0xff))
      return undefined;
    records.push({
      contentType: buffer[offset]!,
      epoch: buffer.readUInt16BE(offset + 3),
      sequence: buffer.readUIntBE(offset + 5, 6),
      bytes: buffer.subarray(offset, end),
      fragment: buffer.subarray(offset + RECORD_HEADER, end),
    });
    offset = end;
  }
  return records.length > 0 ? records : undefined;
}

/** A record's bytes. */
export function makeRecord(
  contentType: number,
  epoch: number,
  sequence: number,
  fragment: Uint8Array,
): NodeBuffer {
  const record = Buffer.alloc(RECORD_HEADER + fragment.length);
  record[0] = contentType;
  record.writeUInt16BE(VERSION, 1);
  record.writeUInt16BE(epoch, 3);
  record.writeUIntBE(sequence, 5, 6);
  record.writeUInt16BE(fragment.length, 11);
  record.set(fragment, RECORD_HEADER);
  return record;
}
