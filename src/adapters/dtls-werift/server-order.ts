import type { Buffer as NodeBuffer } from 'node:buffer';
import { HandshakeFragments, HandshakeType } from './handshake-fragments.ts';
import type { DueMessages } from './handshake-order.ts';

/** HelloVerifyRequest, ServerHello, Certificate, ServerKeyExchange, CertificateRequest, ServerHelloDone. */
const MOST_MESSAGES = 6;

/**
 * Puts the server's handshake messages of epoch 0 together and in order, each delivered whole and once: werift's client
 * begins anew, or twice, for what is repeated. With a HelloVerifyRequest the ServerHello is message 1, else 0
 * (RFC 6347 section 4.2.2).
 */
export class ServerOrder {
  #next = 0;
  /** The message that was delivered last. */
  #last: number | undefined;
  readonly #fragments = new HandshakeFragments();

  /** Takes the fragments of one record. */
  push(record: NodeBuffer): DueMessages {
    const messages: NodeBuffer[] = [];
    let fault: DueMessages['fault'];
    const wanted = (type: number, sequence: number) => {
      // Of a message that is not due yet its turn will tell.
      const isOurs = sequence > this.#next || sequence < this.#next || this.#may(type);
      if (!isOurs || sequence >= MOST_MESSAGES) fault = 'unexpected-message';
      return isOurs && sequence >= this.#next && sequence < MOST_MESSAGES;
    };
    const broken = this.#fragments.read(record, wanted, () => {
      if (this.#deliver(messages)) fault = 'unexpected-message';
    });
    return { messages, fault: broken ?? fault };
  }

  /** True when one of those that were due has no place there. */
  #deliver(messages: NodeBuffer[]): boolean {
    for (;;) {
      const message = this.#fragments.take(this.#next);
      if (message === undefined) return false;
      if (!this.#may(message[0]!)) return true;
      this.#last = message[0]!;
      this.#next++;
      messages.push(message);
    }
  }

  /** Whether a message of the type has its place behind the last one (RFC 5246 section 7.3); with ECDHE there is always a key exchange. */
  #may(type: number): boolean {
    return FOLLOWERS.get(this.#last)?.includes(type) === true;
  }
}

const FOLLOWERS: ReadonlyMap<number | undefined, readonly number[]> = new Map<
  number | undefined,
  readonly number[]
>([
  [undefined, [HandshakeType.helloVerifyRequest, HandshakeType.serverHello]],
  [HandshakeType.helloVerifyRequest, [HandshakeType.serverHello]],
  [HandshakeType.serverHello, [HandshakeType.certificate]],
  [HandshakeType.certificate, [HandshakeType.serverKeyExchange]],
  [HandshakeType.serverKeyExchange, [HandshakeType.certificateRequest, HandshakeType.serverHelloDone]],
  [HandshakeType.certificateRequest, [HandshakeType.serverHelloDone]],
]);
