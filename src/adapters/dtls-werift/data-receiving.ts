import { Buffer } from 'node:buffer';
import type { RTCSctpTransport } from 'werift';
import { type InboundChunk, InboundStream } from '../../sctp/inbound-stream.ts';

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
}

/**
 * Puts our own streams into werift's SCTP. Its own deliver one message for each chunk that comes while messages of another
 * stream are between theirs, and throw away the rest, reliable or not, at the next FORWARD TSN.
 * Returns how many chunks are held.
 */
export function replaceStreams(transport: RTCSctpTransport): () => number {
  const sctp = transport.sctp as unknown as SctpInside;
  sctp.getInboundStream = (id) => (sctp.inboundStreams[id] ??= new Stream(id));
  return () => {
    let held = 0;
    for (const stream of Object.values(sctp.inboundStreams)) held += (stream as Stream).size;
    return held;
  };
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
