import { Buffer } from 'node:buffer';
import type { RTCSctpTransport } from 'werift';
import { type InboundChunk, InboundStream } from '../../sctp/inbound-stream.ts';
import { ReceivedTsns } from '../../sctp/received-tsns.ts';

/** What werift's SCTP asks of a stream of what comes. */
interface WeriftStream {
  streamSequenceNumber: number;
  addChunk(chunk: InboundChunk): void;
  popMessages(): (readonly [stream: number, protocol: number, bytes: Buffer])[];
  pruneChunks(tsn: number): number;
}

/** What of werift's SCTP is used or replaced here although its types hide it. */
interface SctpInside {
  readonly inboundStreams: Record<number, WeriftStream>;
  getInboundStream: (stream: number) => WeriftStream;
  lastReceivedTsn: number;
  advertisedRwnd: number;
  readonly isStopped: boolean;
  sackNeeded: boolean;
  sackImmediate: boolean;
  sackPacketCount: number;
  /** Whether the chunk is to be ignored. */
  markReceived: (tsn: number) => boolean;
  receiveForwardTsnChunk: (chunk: ForwardTsn) => void;
  sendSack: () => Promise<void>;
  sendChunk(chunk: { readonly bytes: Buffer }): Promise<void>;
  receive(stream: number, protocol: number, bytes: Buffer): void;
}

interface ForwardTsn {
  readonly cumulativeTsn: number;
  readonly streams: readonly (readonly [stream: number, sequence: number])[];
}

/**
 * Puts our own receiving half into werift's SCTP, which is left with the handshake, streams that are reset, and when a SACK is due. Its
 * own sorts TSNs as texts, so that it acknowledges wrongly what comes out of order where their digits change, and where they wrap; its
 * streams deliver one message for each chunk that comes while messages of another stream are between theirs, and throw away the
 * rest, reliable or not, at the next FORWARD TSN. Returns how much is held: chunks, and stretches of TSNs out of order.
 */
export function replaceReceiver(transport: RTCSctpTransport, dropped: () => void): () => number {
  const sctp = transport.sctp as unknown as SctpInside;
  const received = new ReceivedTsns();
  let hasData = false;
  Object.defineProperty(sctp, 'lastReceivedTsn', {
    get: () => received.cumulative,
    // Of an INIT, or its answer. One that comes once more, late, begins nothing anew.
    set: (tsn: number) => {
      if (!hasData) received.begin(tsn);
    },
  });
  sctp.getInboundStream = (id) => (sctp.inboundStreams[id] ??= new Stream(id));
  sctp.markReceived = (tsn) => {
    const verdict = received.take(tsn);
    hasData ||= verdict === 'new';
    return verdict !== 'new';
  };
  sctp.receiveForwardTsnChunk = ({ cumulativeTsn, streams }) => {
    sctp.sackNeeded = true;
    sctp.sackImmediate = true;
    if (!received.forward(cumulativeTsn)) return;
    hasData = true;
    for (const [id, sequence] of streams) {
      const stream = sctp.getInboundStream(id);
      stream.streamSequenceNumber = (sequence + 1) & 0xffff;
      deliver(sctp, stream);
    }
    for (const stream of Object.values(sctp.inboundStreams))
      sctp.advertisedRwnd += stream.pruneChunks(cumulativeTsn);
  };
  sctp.sendSack = () => {
    if (sctp.isStopped || !sctp.sackNeeded) return Promise.resolve();
    sctp.sackNeeded = false;
    sctp.sackImmediate = false;
    sctp.sackPacketCount = 0;
    const { buffer, byteOffset, length } = received.sack(sctp.advertisedRwnd);
    return sctp.sendChunk({ bytes: Buffer.from(buffer, byteOffset, length) }).catch(dropped);
  };
  return () => {
    let held = received.stretches;
    for (const stream of Object.values(sctp.inboundStreams)) held += (stream as Stream).size;
    return held;
  };
}

function deliver(sctp: SctpInside, stream: WeriftStream): void {
  for (const message of stream.popMessages()) {
    sctp.advertisedRwnd += message[2].length;
    sctp.receive(...message);
  }
}

class Stream implements WeriftStream {
  readonly #id: number;
  readonly #stream = new InboundStream();

  constructor(id: number) {
    this.#id = id;
  }

  get size(): number {
    return this.#stream.size;
  }

  get streamSequenceNumber(): number {
    return this.#stream.next;
  }

  set streamSequenceNumber(next: number) {
    this.#stream.next = next;
  }

  addChunk(chunk: InboundChunk): void {
    this.#stream.add(chunk);
  }

  popMessages(): (readonly [stream: number, protocol: number, bytes: Buffer])[] {
    return this.#stream
      .take()
      .map(
        ({ bytes, protocol }) =>
          [this.#id, protocol, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)] as const,
      );
  }

  pruneChunks(tsn: number): number {
    return this.#stream.forget(tsn);
  }
}
