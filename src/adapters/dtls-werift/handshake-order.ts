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

/** Handshake message types (RFC 5246 section 7.4) that a client sends in the clear. */
export const HandshakeType = {
  clientHello: 1,
  certificate: 11,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
} as const;

/**
 * Puts the client's handshake messages of epoch 0 together and in order, each delivered whole: werift joins fragments only
 * when they come in order and once (Chromium's ClientHello comes in two), and derives wrong keys when flight 5 is
 * reordered.
 *
 * Message 0 is the first ClientHello, 1 that with the cookie, 2 and up are flight 5 (RFC 6347 section 4.2.4).
 */
export class HandshakeOrder {
  #next = 0;
  readonly #partials = new Map<number, Partial>();
  #helloWithCookie: NodeBuffer | undefined;

  /**
   * Takes the fragments of one record. Answers the messages that are due now, unfragmented and with a handshake header,
   * and what was wrong, if anything was.
   */
  push(record: NodeBuffer): {
    readonly messages: readonly NodeBuffer[];
    readonly fault: 'fragment' | 'unexpected-message' | undefined;
  } {
    const messages: NodeBuffer[] = [];
    let fault: 'fragment' | 'unexpected-message' | undefined;
    let offset = 0;
    while (offset < record.length) {
      if (offset + HANDSHAKE_HEADER > record.length) return { messages, fault: 'fragment' };
      const type = record[offset]!;
      const length = record.readUIntBE(offset + 1, 3);
      const sequence = record.readUInt16BE(offset + 4);
      const start = record.readUIntBE(offset + 6, 3);
      const size = record.readUIntBE(offset + 9, 3);
      const end = offset + HANDSHAKE_HEADER + size;
      if (end > record.length || start + size > length || length > MAX_MESSAGE)
        return { messages, fault: 'fragment' };
      const data = record.subarray(offset + HANDSHAKE_HEADER, end);
      offset = end;
      if (!expected(type, sequence)) fault = 'unexpected-message';
      else this.#collect(type, length, sequence, start, data);
      this.#deliver(messages);
    }
    return { messages, fault };
  }

  #collect(type: number, length: number, sequence: number, start: number, data: NodeBuffer): void {
    // Message 0 may come again until the server has the cookie; all else that was delivered is a repetition.
    const floor = this.#next <= 1 ? 0 : this.#next === 2 ? 1 : this.#next;
    if (sequence < floor) return;
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

  #deliver(messages: NodeBuffer[]): void {
    for (const sequence of this.#partials.keys()) {
      // Repetitions of what was delivered already.
      if (sequence >= this.#next) continue;
      const message = this.#take(sequence);
      if (message === undefined) continue;
      // The ClientHello with the cookie must be the same again: it makes werift repeat flight 4.
      if (sequence === 0 || this.#helloWithCookie?.equals(message)) messages.push(message);
    }
    for (;;) {
      const message = this.#take(this.#next);
      if (message === undefined) return;
      if (this.#next === 1) {
        this.#helloWithCookie = message;
        this.#partials.delete(0);
      }
      if (this.#next > 1) this.#partials.delete(1);
      this.#next++;
      messages.push(message);
    }
  }

  #take(sequence: number): NodeBuffer | undefined {
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
}

/** RFC 5246 section 7.3 with a client certificate, which we always ask for: nothing else, and nothing twice. */
const ORDER = [
  HandshakeType.clientHello,
  HandshakeType.clientHello,
  HandshakeType.certificate,
  HandshakeType.clientKeyExchange,
  HandshakeType.certificateVerify,
] as const;

function expected(type: number, sequence: number): boolean {
  return ORDER[sequence] === type;
}
