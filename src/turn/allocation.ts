import { hex } from '../base/bytes.ts';
import type { Millis } from '../base/clock.ts';
import type { DatagramSocket } from '../base/net.ts';
import type { Alarm } from '../base/wake-queue.ts';
import { Peers } from './peers.ts';
import type { TurnClient } from './ports.ts';

/** Who asked, with proof: what a request's credentials turned out to be. */
export interface TurnSession {
  readonly username: string;
  readonly identity: string;
  /** The long-term key that seals the answers. */
  readonly key: Uint8Array;
}

/** A relayed transport address that a client holds (RFC 8656 section 3.2). */
export class Allocation {
  readonly client: TurnClient;
  readonly session: TurnSession;
  readonly socket: DatagramSocket;
  /** The relay port that is advertised and bound. */
  readonly port: number;
  readonly peers: Peers;
  readonly #transaction: string;
  /** What was answered to the request that made it: its retransmissions get the same (RFC 8656 section 7.2). */
  answer: Uint8Array = new Uint8Array();
  expiresAt: Millis;
  alarm: Alarm | undefined;
  bytesUp = 0;
  bytesDown = 0;

  constructor(options: {
    client: TurnClient;
    session: TurnSession;
    socket: DatagramSocket;
    port: number;
    transactionId: Uint8Array;
    expiresAt: Millis;
    peerLimit: number;
  }) {
    this.client = options.client;
    this.session = options.session;
    this.socket = options.socket;
    this.port = options.port;
    this.#transaction = hex(options.transactionId);
    this.expiresAt = options.expiresAt;
    this.peers = new Peers(options.peerLimit);
  }

  /** True for the transaction of the request that made this allocation. */
  answers(transactionId: Uint8Array): boolean {
    return hex(transactionId) === this.#transaction;
  }
}
