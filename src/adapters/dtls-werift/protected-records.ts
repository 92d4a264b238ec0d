import type { Buffer as NodeBuffer } from 'node:buffer';
import { Buffer } from 'node:buffer';
import type { DtlsServer } from 'werift';
import type { DtlsDrop } from '../../media/dtls-port.ts';
import { ReplayWindow } from '../../rtp/srtp/replay-window.ts';
import { ContentType, type DtlsRecord, makeRecord } from './records.ts';

/**
 * werift numbers our records from 0 again behind our Finished, in the same epoch, so that a later record would have the
 * Finished's nonce: fatal for GCM, and a replay to the peer. Flights are shorter than this.
 */
const FIRST_RECORD_AFTER_FINISHED = 256;

/** Alerts (RFC 5246 section 7.2): levels, then descriptions. */
export const ALERT = { warning: 1, fatal: 2, closeNotify: 0, decryptError: 51, badCertificate: 42 } as const;

/** werift's record class, of which its cipher reads the two fields that we set. */
type WeriftPacket = Parameters<DtlsServer['cipher']['decryptPacket']>[0];

/** The records of epoch 1 of either end of werift's, each opened once, and none sealed under a number that was used. */
export class ProtectedRecords {
  readonly #end: Pick<DtlsServer, 'cipher' | 'dtls'>;
  readonly #window = new ReplayWindow();

  constructor(end: Pick<DtlsServer, 'cipher' | 'dtls'>) {
    this.#end = end;
  }

  /** Our Finished was sealed: what is sealed from now on has numbers of its own. */
  finished(): void {
    this.#end.dtls.recordSequenceNumber = FIRST_RECORD_AFTER_FINISHED;
  }

  /** What the record holds; or why it is to be dropped. */
  open(record: DtlsRecord): NodeBuffer | DtlsDrop {
    if (this.#window.judge(record.sequence) !== 'fresh') return 'replayed';
    const plain = this.#decrypt(record);
    if (plain === undefined)
      return record.contentType === ContentType.alert ? 'unauthentic-alert' : 'unexpected-record';
    this.#window.accept(record.sequence);
    return plain;
  }

  seal(contentType: number, bytes: Uint8Array): NodeBuffer {
    const sequence = ++this.#end.dtls.recordSequenceNumber;
    const packet = {
      recordLayerHeader: {
        contentType,
        protocolVersion: { major: 0xfe, minor: 0xfd },
        epoch: 1,
        sequenceNumber: sequence,
        contentLen: bytes.length,
      },
      fragment: Buffer.from(bytes),
    };
    const sealed = this.#end.cipher.encryptPacket(packet as WeriftPacket);
    return makeRecord(contentType, 1, sequence, sealed.fragment);
  }

  #decrypt(record: DtlsRecord): NodeBuffer | undefined {
    try {
      const packet = {
        recordLayerHeader: {
          contentType: record.contentType,
          protocolVersion: { major: record.bytes[1]!, minor: record.bytes[2]! },
          epoch: record.epoch,
          sequenceNumber: record.sequence,
          contentLen: record.fragment.length,
        },
        fragment: record.fragment,
      };
      return this.#end.cipher.decryptPacket(packet as WeriftPacket);
    } catch {
      // Not authentic, or too short to be, or before there are keys.
      return undefined;
    }
  }
}
