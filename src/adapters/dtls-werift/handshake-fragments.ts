import type { Buffer as NodeBuffer } from 'node:buffer';
import { Buffer } from 'node:buffer';

const HANDSHAKE_HEADER = 12;
/** A certificate chain is the longest message; browsers' are under 1 kB. */
const MAX_MESSAGE = 16_384;

interface Partial {
  readonly type: number;
  readonly body: Uint8Array;
  readonly have: Uint8Array;
  missing: number;
}

/** Handshake message types (RFC 5246 section 7.4, RFC 6347 section 4.2.1). */
export const HandshakeType = {
  clientHello: 1,
  serverHello: 2,
  helloVerifyRequest: 3,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
} as const;

/** Puts handshake messages of epoch 0 together, in whatever order and however often their fragments come. */
export class HandshakeFragments {
  readonly #partials = new Map<number, Partial>();

  /**
   * Takes the fragments of one record. `wanted` says of each whether its message is still of use, `due` is called behind each;
   * 'fragment': the record holds something else, and its rest is lost.
   */
  read(
    record: NodeBuffer,
    wanted: (type: number, sequence: number) => boolean,
    due: () => void,
  ): 'fragment' | undefined {
    let offset = 0;
    while (offset < record.length) {
      if (offset + HANDSHAKE_HEADER > record.length) return 'fragment';
      const type = record[offset]!;
      const length = record.readUIntBE(offset + 1, 3);
      const sequence = record.readUInt16BE(offset + 4);
      const start = record.readUIntBE(offset + 6, 3);
      const size = record.readUIntBE(offset + 9, 3);
      const end = offset + HANDSHAKE_HEADER + size;
      if (end > record.length || start + size > length || length > MAX_MESSAGE) return 'fragment';
      const data = record.subarray(offset + HANDSHAKE_HEADER, end);
      offset = end;
      if (wanted(type, sequence)) this.#collect(type, length, sequence, start, data);
      due();
    }
    return undefined;
  }

  /** Numbers of messages of which something is there. */
  get sequences(): IterableIterator<number> {
    return this.#partials.keys();
  }

  /** The message, unfragmented and with its header, once it is whole; it is forgotten then. */
  take(sequence: number): NodeBuffer | undefined {
    const partial = this.#partials.get(sequence);
    if (partial === undefined || partial.missing > 0) return undefined;
    this.#partials.delete(sequence);
    const message = Buffer.alloc(HANDSHAKE_HEADER + partial.body.length);
    message[0] = partial.type;
    message.writeUIntBE(partial.body.length, 1, 3);
    message.writeUInt16BE(sequence, 4);
    message.writeUIntBE(partial.body.length, 9, 3);
    message.set(partial.body, HANDSHAKE_HEADER);
    return message;
  }

  forget(sequence: number): void {
    this.#partials.delete(sequence);
  }

  #collect(type: number, length: number, sequence: number, start: number, data: NodeBuffer): void {
    let partial = this.#partials.get(sequence);
    if (partial === undefined || partial.type !== type || partial.body.length !== length) {
      partial = { type, body: new Uint8Array(length), have: new Uint8Array(length), missing: length };
      this.#partials.set(sequence, partial);
    }
    for (let i = 0; i < data.length; i++) {
      if (partial.have[start + i] === 1) continue;
      partial.have[start + i] = 1;
      partial.body[start + i] = data[i]!;
      partial.missing--;
    }
  }
}
