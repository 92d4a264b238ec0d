/**
 * The server transactions that live (RFC 3261 section 17.2), found by branch, sent-by and method. Bounded by the endpoint, which
 * asks `size` before it creates.
 */
import { ByteSlab } from '../base/bytes.ts';
import type { Clock, Millis } from '../base/clock.ts';
import { WaitingLine } from '../base/waiting-line.ts';
import type { Timers } from '../base/wake-queue.ts';
import type { SipCore } from './core.ts';
import type { SipRequest } from './message.ts';
import type { Flow } from './ports.ts';
import { echoOf, type ResponseParts, writeAnswer } from './responses.ts';
import {
  type InviteServerInput,
  type InviteServerState,
  inviteServerStart,
  stepInviteServer,
} from './transactions/invite-server.ts';
import { mergeKey, serverKey } from './transactions/keys.ts';
import { type RunnerHost, TransactionRunner } from './transactions/runner.ts';
import { type ServerInput, type ServerState, serverStart, stepServer } from './transactions/server.ts';
import type { Effect, Timing } from './transactions/step.ts';

/** Who has an INVITE's transaction: hears of its CANCEL, and that its transport failed. */
export interface ServerOwner {
  cancelled(cancel: SipRequest): void;
  transportFailed(): void;
}

type Runner =
  | { readonly kind: 'invite'; readonly run: TransactionRunner<InviteServerState, InviteServerInput> }
  | { readonly kind: 'other'; readonly run: TransactionRunner<ServerState, ServerInput> };

/** Answers that are kept for 32 s, apart from those that are of no use after a moment. */
const resting = new ByteSlab(32_768);

/**
 * Tens of thousands of them rest at a time, for 32 s after their answer: what is of no use by then is let go, and the runner's host
 * is the transaction itself.
 */
export class ServerTransaction implements RunnerHost {
  readonly key: string;
  readonly mergeKey: string | undefined;
  readonly flow: Flow;
  /** Let go with the final response: nothing can be cancelled any more. */
  owner: ServerOwner | undefined;
  /** The To tag of every answer to this request, also to its CANCEL (section 9.2). */
  toTag: string | undefined;
  readonly #core: SipCore;
  readonly #runner: Runner;
  readonly #table: ServerTable;
  /** Let go with the final response: what is kept for 32 s is its bytes only. */
  #request: SipRequest | undefined;
  /** What all answers but 100 have in common, once there was one, and the tag in it. */
  #echo: string | undefined;
  #echoTag: string | undefined;

  constructor(core: SipCore, request: SipRequest, flow: Flow, key: string, table: ServerTable) {
    this.key = key;
    this.mergeKey = request.to.params.has('tag') ? undefined : mergeKey(request);
    this.flow = flow;
    this.#core = core;
    this.#request = request;
    this.#table = table;
    this.#runner =
      request.method === 'INVITE'
        ? { kind: 'invite', run: new TransactionRunner(stepInviteServer, inviteServerStart, this) }
        : { kind: 'other', run: new TransactionRunner(stepServer, serverStart, this) };
  }

  /** Starts the timers of a non-INVITE transaction that was not answered at once. */
  begin(): void {
    if (this.#runner.kind === 'other' && this.open) this.#runner.run.apply({ type: 'begin' });
  }

  get isInvite(): boolean {
    return this.#runner.kind === 'invite';
  }

  /** Has any response been given? */
  responded = false;

  /** Has no final response been given yet? */
  get open(): boolean {
    return this.#request !== undefined;
  }

  /** Builds a response and sends it; its bytes, or undefined when a final one has gone already. */
  respond(status: number, parts: ResponseParts = {}): Uint8Array | undefined {
    const request = this.#request;
    if (request === undefined) return undefined;
    const bytes = writeAnswer(
      status,
      this.#echoFor(request, status),
      this.#core.userAgent,
      request.headers,
      parts,
      this.isInvite ? undefined : resting,
    );
    this.responded = true;
    if (status >= 200) {
      this.#request = undefined;
      this.#echo = undefined;
      this.owner = undefined;
    }
    this.#runner.run.apply({ type: 'respond', status, bytes });
    return bytes;
  }

  /** Sends a 2xx to an INVITE again: the transaction user's part (section 13.3.1.4). */
  resend(bytes: Uint8Array): void {
    this.send(bytes);
  }

  /** The same request came again. */
  repeated(): void {
    this.#runner.run.apply({ type: 'request' });
  }

  /** An ACK with this INVITE's branch; false when it is for the dialog, after a 2xx. */
  acknowledged(): boolean {
    if (this.#runner.kind !== 'invite' || this.#runner.run.state === 'accepted') return false;
    this.#runner.run.apply({ type: 'ack' });
    return true;
  }

  transportError(): void {
    this.#runner.run.apply({ type: 'transport-error' });
  }

  /** Its time is over. */
  rested(): void {
    this.#runner.run.rested();
  }

  abandon(): void {
    this.#runner.run.abandon();
  }

  // --- what the runner asks for

  get clock(): SipCore['clock'] {
    return this.#core.clock;
  }

  get timers(): SipCore['timers'] {
    return this.#core.timers;
  }

  get timing(): Timing {
    return this.#core.timing(this.flow);
  }

  send(bytes: Uint8Array): void {
    this.#core.send(bytes, this.flow);
  }

  tell(what: (Effect & { do: 'tell' })['what']): void {
    if (what === 'transport-error') this.owner?.transportFailed();
    else if (what === 'provisional-due') this.respond(100);
  }

  rest(wait: Millis): void {
    this.#table.rest(this, wait);
  }

  terminated(): void {
    this.#table.remove(this);
  }

  /** A ringing call is answered several times, with the same lines but for the status. */
  #echoFor(request: SipRequest, status: number): string {
    const { headers } = request;
    if (status === 100) return echoOf(headers, this.flow, undefined);
    if (this.#echo === undefined || this.#echoTag !== this.toTag) {
      this.#echo = echoOf(headers, this.flow, this.toTag);
      this.#echoTag = this.toTag;
    }
    return this.#echo;
  }
}

export class ServerTable {
  readonly #byKey = new Map<string, ServerTransaction>();
  readonly #byMerge = new Map<string, ServerTransaction>();
  /** Of stream flows only: a datagram's way never closes. */
  readonly #byFlow = new Map<Flow, Set<ServerTransaction>>();
  /** Those that only wait, by how long: 64 T1, and T4. */
  readonly #resting = new Map<Millis, WaitingLine<ServerTransaction>>();
  readonly #clock: Clock;
  readonly #timers: Timers;

  constructor(clock: Clock, timers: Timers) {
    this.#clock = clock;
    this.#timers = timers;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** By {@link serverKey}. */
  find(key: string): ServerTransaction | undefined {
    return this.#byKey.get(key);
  }

  /** The INVITE that a CANCEL means (section 9.2). */
  findCancelled(cancel: SipRequest): ServerTransaction | undefined {
    return this.#byKey.get(serverKey(cancel, 'INVITE'));
  }

  /** Is the same request here already, by another way (section 8.2.2.2)? */
  isMerged(request: SipRequest): boolean {
    return this.#byMerge.has(mergeKey(request));
  }

  /** `key` is the request's {@link serverKey}. Whoever has given it to its owner must {@link ServerTransaction.begin} it. */
  create(core: SipCore, request: SipRequest, flow: Flow, key: string): ServerTransaction {
    const transaction = new ServerTransaction(core, request, flow, key, this);
    this.#byKey.set(transaction.key, transaction);
    if (transaction.mergeKey !== undefined && !this.#byMerge.has(transaction.mergeKey)) {
      this.#byMerge.set(transaction.mergeKey, transaction);
    }
    if (flow.transport !== 'udp') {
      const ofFlow = this.#byFlow.get(flow);
      if (ofFlow === undefined) this.#byFlow.set(flow, new Set([transaction]));
      else ofFlow.add(transaction);
    }
    return transaction;
  }

  /** The connection closed: no answer can go back on it (section 17.2.4). */
  flowClosed(flow: Flow): void {
    for (const transaction of [...(this.#byFlow.get(flow) ?? [])]) transaction.transportError();
  }

  abandon(): void {
    for (const transaction of this.#byKey.values()) transaction.abandon();
    this.#byKey.clear();
    this.#byMerge.clear();
    this.#byFlow.clear();
    for (const line of this.#resting.values()) line.clear();
  }

  /** Of a transaction here: its end comes after `wait`. */
  rest(transaction: ServerTransaction, wait: Millis): void {
    let line = this.#resting.get(wait);
    if (line === undefined) {
      line = new WaitingLine(this.#clock, this.#timers, wait, (over) => over.rested());
      this.#resting.set(wait, line);
    }
    line.add(transaction);
  }

  /** Of a transaction here: it is over. */
  remove(transaction: ServerTransaction): void {
    this.#byKey.delete(transaction.key);
    const { mergeKey: merged, flow } = transaction;
    if (merged !== undefined && this.#byMerge.get(merged) === transaction) this.#byMerge.delete(merged);
    const ofFlow = this.#byFlow.get(flow);
    ofFlow?.delete(transaction);
    if (ofFlow?.size === 0) this.#byFlow.delete(flow);
  }
}
