import type { Buffer as NodeBuffer } from 'node:buffer';
import { HandshakeFragments, HandshakeType } from './handshake-fragments.ts';

/** The messages that are due, unfragmented and with a handshake header, and what was wrong, if anything was. */
export interface DueMessages {
  readonly messages: readonly NodeBuffer[];
  readonly fault: 'fragment' | 'unexpected-message' | undefined;
}

/**
 * Puts the client's handshake messages of epoch 0 together and in order, each delivered whole: werift joins fragments only
 * when they come in order and once (Chromium's ClientHello comes in two), and derives wrong keys when flight 5 is
 * reordered.
 *
 * Message 0 is the first ClientHello, 1 that with the cookie, 2 and up are flight 5 (RFC 6347 section 4.2.4).
 */
export class HandshakeOrder {
  #next = 0;
  readonly #fragments = new HandshakeFragments();
  #helloWithCookie: NodeBuffer | undefined;

  /** Takes the fragments of one record. */
  push(record: NodeBuffer): DueMessages {
    const messages: NodeBuffer[] = [];
    let fault: DueMessages['fault'];
    const wanted = (type: number, sequence: number) => {
      if (ORDER[sequence] !== type) fault = 'unexpected-message';
      // Message 0 may come again until the server has the cookie; all else that was delivered is a repetition.
      const floor = this.#next <= 1 ? 0 : this.#next === 2 ? 1 : this.#next;
      return ORDER[sequence] === type && sequence >= floor;
    };
    const broken = this.#fragments.read(record, wanted, () => this.#deliver(messages));
    return { messages, fault: broken ?? fault };
  }

  #deliver(messages: NodeBuffer[]): void {
    const fragments = this.#fragments;
    for (const sequence of fragments.sequences) {
      // Repetitions of what was delivered already.
      if (sequence >= this.#next) continue;
      const message = fragments.take(sequence);
      if (message === undefined) continue;
      // The ClientHello with the cookie must be the same again: it makes werift repeat flight 4.
      if (sequence === 0 || this.#helloWithCookie?.equals(message)) messages.push(message);
    }
    for (;;) {
      const message = fragments.take(this.#next);
      if (message === undefined) return;
      if (this.#next === 1) {
        this.#helloWithCookie = message;
        fragments.forget(0);
      }
      if (this.#next > 1) fragments.forget(1);
      this.#next++;
      messages.push(message);
    }
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
