import type { Clock, Millis } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Timers } from '../../base/wake-queue.ts';
import type { Proof } from '../../sip/challenges.ts';
import type { DropReason } from '../../sip/drop-counter.ts';
import type { SessionTimes } from '../../sip/limits.ts';
import type { SipRequest } from '../../sip/message.ts';
import type { Authenticator, Flow, SipEnd } from '../../sip/ports.ts';
import type { OwnRequest, OwnRequestListener, ServedRequest } from './srf.ts';

/** What the parts of the engine share. One object, made by `engine.ts`. */
export interface DrachtioCore {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly session: SessionTimes;
  /** Value of Server and User-Agent. */
  readonly userAgent: string;
  /** Dialogs by the server's name for them. */
  readonly dialogs: Map<string, DialogEntry>;
  /** Calls whose INVITE has no final answer, by Call-ID: what comes for them before the server has a name for their dialog. */
  readonly early: Map<string, EarlyCall>;
  /** Sends a request of ours; `listener` hears its end, also when the connection is lost meanwhile. */
  send(request: OwnRequest, listener: OwnRequestListener): void;
  /** Do both ways belong to the same peer, a carrier with several addresses? */
  isPeer(flow: Flow, dialogFlow: Flow): boolean;
  /** What proves us to the peer that `flow` goes to, and to nobody else. */
  proofFor(authenticator: Authenticator | undefined, flow: Flow): Proof | undefined;
  drop(reason: DropReason, flow: Flow): void;
  /** Runs code of the application: what it throws is reported and hurts nobody else. */
  guard(run: () => void): void;
  after(delay: Millis, wake: () => void): ReturnType<Timers['schedule']>;
}

/** A dialog as its keepers see it (`dialog.ts`). */
export interface DialogEntry {
  readonly flow: Flow;
  /** Made on a connection that is gone: the server tells nothing of it any more. */
  readonly isOrphaned: boolean;
  receive(request: ServedRequest, message: SipRequest): void;
  /** The connection to the server is gone. */
  orphan(detail: string): void;
  /** Asks whether the dialog is still there. */
  probe(): void;
  /** It is over; the owner hears of it unless it asked for BYE itself. */
  end(end: SipEnd): void;
  /** Leaves the table without a word. */
  close(): void;
}

/** An INVITE under way, ours or theirs. */
export interface EarlyCall {
  readonly session: DialogEntry;
  /** The connection to the server is gone. */
  lost(detail: string): void;
}
