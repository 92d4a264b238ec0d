import type { Clock, Millis } from '../base/clock.ts';
import type { HostPort } from '../base/net.ts';
import type { Random } from '../base/random.ts';
import type { Timers } from '../base/wake-queue.ts';
import type { SipTerms } from './call-terms.ts';
import type { DropReason } from './drop-counter.ts';
import type { SipResponse } from './message.ts';
import type { PeerSet } from './peer-set.ts';
import type { Flow, NextHop } from './ports.ts';
import type { Timing } from './transactions/step.ts';

/** Who sent a request. */
export interface ClientListener {
  /** Provisional and final; for an INVITE each 2xx, also repeated ones and those of forks. */
  response(response: SipResponse): void;
  /** No response will come. */
  failed(why: 'timeout' | 'transport-error'): void;
  /** The transaction is gone: nothing more will be heard. */
  over?(): void;
}

export interface ClientRequest {
  readonly method: string;
  readonly branch: string;
  readonly bytes: Uint8Array;
  readonly flow: Flow;
  /** Builds the ACK for a final response other than 2xx to an INVITE (RFC 3261 section 17.1.1.3). */
  readonly ack?: (response: SipResponse) => Uint8Array;
}

/** Where dialogs enter themselves; what is in it gets the far end's requests (`dialog-table.ts`). */
export interface DialogRegistry {
  add(entry: DialogEntry): void;
  remove(entry: DialogEntry): void;
}

export interface DialogEntry {
  readonly dialog: { readonly callId: string; readonly localTag: string; readonly remoteTag: string };
}

/** What the parts of the endpoint share. One object, made by `endpoint.ts`. */
export interface SipCore {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** Value of Server and User-Agent. */
  readonly userAgent: string;
  /** Of calls that have none of their own. */
  readonly session: SipTerms;
  readonly dialogs: DialogRegistry;
  readonly peers: PeerSet;
  /** Sends a request of ours and keeps at it until a final response or a time-out (`client-table.ts`). */
  start(request: ClientRequest, listener: ClientListener): void;
  /** Waits no longer for the final response to a request of ours; its listener hears `failed`. */
  giveUp(branch: string, method: string): void;
  timing(flow: Flow): Timing;
  send(bytes: Uint8Array, flow: Flow): void;
  /** Our address as the far end of `flow` must see it in Contact and Via. */
  contact(flow: Flow): HostPort;
  /** A way to `remote`; undefined when there is none. */
  openFlow(next: NextHop): Flow | undefined;
  /** Do both ways belong to the same peer, a carrier with several addresses? */
  isTrustedPeer(flow: Flow, dialogFlow: Flow): boolean;
  /** False once the connection of a stream flow has closed. */
  isOpen(flow: Flow): boolean;
  /** Counts input that was dropped. */
  drop(reason: DropReason, flow: Flow): void;
  /** Runs code of the application: what it throws is reported and hurts nobody else. */
  guard(run: () => void): void;
  /** A whole number of seconds from 0 to 10 for Retry-After (RFC 3261 section 14.2). */
  retryAfter(): string;
  after(delay: Millis, wake: () => void): ReturnType<Timers['schedule']>;
}
