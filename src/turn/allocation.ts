import { hex } from '../base/bytes.ts';
import type { Millis } from '../base/clock.ts';
import type { Alarm } from '../base/wake-queue.ts';
import type { AddressFamily } from '../stun/address.ts';
import type { PasswordAlgorithm } from '../stun/password-algorithm.ts';
import { Peers } from './peers.ts';
import type { TurnClient } from './ports.ts';
import type { OpenRelay } from './relay-pool.ts';
import type { Budget } from './user-budgets.ts';

/** Who asked, with proof: what a request's credentials turned out to be. */
export interface TurnSession {
  readonly username: string;
  readonly identity: string;
  /** The long-term key that seals the answers, and what it was made by. */
  readonly key: Uint8Array;
  readonly algorithm: PasswordAlgorithm;
  /** The integrity that the request came with: answers have the same. */
  readonly integrity: 'sha1' | 'sha256';
}

/** One of an allocation's relays; of two families each expires by itself (RFC 8656 section 8.1). */
export interface AllocatedRelay extends OpenRelay {
  expiresAt: Millis;
}

/** The relayed transport addresses that a client holds (RFC 8656 section 3.2): one, or one of each family. */
export class Allocation {
  /** Another one after the client has moved (RFC 8016). */
  client: TurnClient;
  readonly session: TurnSession;
  readonly peers: Peers;
  readonly budget: Budget;
  readonly #relays: Partial<Record<AddressFamily, AllocatedRelay>> = {};
  readonly #transaction: string;
  /** What was answered to the request that made it: its retransmissions get the same (RFC 8656 section 7.2). */
  answer: Uint8Array = new Uint8Array();
  alarm: Alarm | undefined;
  /** With which it may be taken along; undefined when the client did not ask for any. */
  ticket: string | undefined;
  /** Still good, for the client may never have heard of the present one. */
  ticketBefore: string | undefined;
  bytesUp = 0;
  bytesDown = 0;

  constructor(options: {
    client: TurnClient;
    session: TurnSession;
    relays: readonly AllocatedRelay[];
    budget: Budget;
    transactionId: Uint8Array;
    peerLimit: number;
  }) {
    this.client = options.client;
    this.session = options.session;
    this.budget = options.budget;
    this.#transaction = hex(options.transactionId);
    for (const relay of options.relays) this.#relays[relay.family] = relay;
    this.peers = new Peers(options.peerLimit);
  }

  /** True for the transaction of the request that made this allocation. */
  answers(transactionId: Uint8Array): boolean {
    return hex(transactionId) === this.#transaction;
  }

  /** The relay of that family, if it has one. */
  relay(family: AddressFamily): AllocatedRelay | undefined {
    return this.#relays[family];
  }

  /** Those that are open, IPv4 first. */
  get relays(): AllocatedRelay[] {
    const { ipv4, ipv6 } = this.#relays;
    return [ipv4, ipv6].filter((relay) => relay !== undefined);
  }

  /** Takes a relay away, with its permissions and channels (RFC 8656 section 8.1); closing it is the caller's. */
  remove(family: AddressFamily): void {
    delete this.#relays[family];
    this.peers.dropFamily(family);
  }
}
