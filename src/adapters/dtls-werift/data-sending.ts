import { Buffer } from 'node:buffer';
import type { RTCSctpTransport } from 'werift';
import type { Clock } from '../../base/clock.ts';
import type { Timers } from '../../base/wake-queue.ts';
import { DataSender } from '../../sctp/data-sender.ts';

/** Payload protocol of DCEP (RFC 8831 section 8), its DATA_CHANNEL_OPEN, and the bit for unordered in that one's channel type (RFC 8832 section 5.1). */
const DCEP = 50;
const DATA_CHANNEL_OPEN = 3;
const UNORDERED = 0x80;
/** Chunk type FORWARD TSN, and so its name among a peer's extensions (RFC 5061 section 4.2.7). */
const FORWARD_TSN = 192;

interface SendOptions {
  readonly maxRetransmits?: number;
  readonly ordered?: boolean;
}

/** What of werift's SCTP is used or replaced here although its types hide it. */
interface SctpInside {
  localTsn: number;
  readonly outboundStreamSeq: Record<number, number>;
  readonly peerAdvertisedRwnd: number;
  remotePartialReliability: boolean;
  readonly remoteExtensions: readonly number[];
  readonly stateChanged: Readonly<Record<'connected' | 'closed', { subscribe(listener: () => void): void }>>;
  sendChunk(chunk: { readonly bytes: Buffer }): Promise<void>;
  send: (stream: number, protocol: number, bytes: Buffer, options?: SendOptions) => Promise<void>;
  receiveSackChunk: (sack: {
    readonly cumulativeTsn: number;
    readonly advertisedRwnd: number;
    readonly gaps: readonly (readonly number[])[];
  }) => Promise<void>;
  transmit: () => Promise<void>;
}

/**
 * Puts our own sending half into werift's SCTP, which is left with the handshake, streams that are reset, and receiving. Its own
 * takes a limit of 0 retransmissions for none, gives up whatever it sent first in place of what was lost, and tells the
 * peer of it once, so that all stalls when that is lost too.
 */
export function replaceSender(
  transport: RTCSctpTransport,
  time: { readonly clock: Clock; readonly timers: Timers },
  dropped: () => void,
): DataSender {
  const sctp = transport.sctp as unknown as SctpInside;
  const sequences = sctp.outboundStreamSeq;
  const sender = new DataSender({
    ...time,
    firstTsn: sctp.localTsn,
    send: (chunks) => {
      sctp.sendChunk({ bytes: Buffer.from(chunks.buffer, chunks.byteOffset, chunks.length) }).catch(dropped);
    },
    nextSequence: (stream) => {
      const sequence = sequences[stream] ?? 0;
      sequences[stream] = (sequence + 1) & 0xffff;
      return sequence;
    },
  });
  Object.defineProperty(sctp, 'localTsn', { get: () => sender.nextTsn });
  // Werift believes in it before the peer has said so.
  sctp.remotePartialReliability = false;
  sctp.stateChanged.connected.subscribe(() => {
    const knows = sctp.remotePartialReliability || sctp.remoteExtensions.includes(FORWARD_TSN);
    sender.start({
      window: sctp.peerAdvertisedRwnd,
      partialReliability: knows ? 'supported' : 'unsupported',
    });
  });
  sctp.stateChanged.closed.subscribe(() => sender.close());
  sctp.send = (stream, protocol, bytes, options) => {
    const maxRetransmits = options?.maxRetransmits ?? Number.POSITIVE_INFINITY;
    const kind = maxRetransmits === Number.POSITIVE_INFINITY ? 'reliable' : 'lossy';
    if (bytes.length === 0 || !sender.hasRoom(kind, bytes.length)) {
      dropped();
      return Promise.resolve();
    }
    // Werift forgets that a channel is unordered when its retransmissions are limited.
    if (
      protocol === DCEP &&
      bytes[0] === DATA_CHANNEL_OPEN &&
      transport.dataChannels[stream]?.ordered === false
    )
      bytes[1]! |= UNORDERED;
    sender.push({
      ...{ stream, protocol, bytes, maxRetransmits },
      order: options?.ordered === false ? 'unordered' : 'ordered',
      expiresAt: Number.POSITIVE_INFINITY,
    });
    return Promise.resolve();
  };
  sctp.receiveSackChunk = ({ advertisedRwnd, cumulativeTsn, gaps }) => {
    sender.acknowledge({ cumulativeTsn, advertisedWindow: advertisedRwnd, gaps });
    return Promise.resolve();
  };
  sctp.transmit = () => Promise.resolve();
  return sender;
}
