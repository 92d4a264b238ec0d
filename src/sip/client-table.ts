/** The client transactions that live (RFC 3261 section 17.1), found by branch and method of the CSeq. */
import type { ClientListener, ClientRequest, SipCore } from './core.ts';
import type { SipResponse } from './message.ts';
import type { Flow } from './ports.ts';
import { type ClientInput, type ClientState, clientStart, stepClient } from './transactions/client.ts';
import {
  type InviteClientInput,
  type InviteClientState,
  inviteClientStart,
  stepInviteClient,
} from './transactions/invite-client.ts';
import { clientKey, clientKeyOf } from './transactions/keys.ts';
import { TransactionRunner } from './transactions/runner.ts';
import type { Effect } from './transactions/step.ts';

type Runner =
  | { readonly kind: 'invite'; readonly run: TransactionRunner<InviteClientState, InviteClientInput> }
  | { readonly kind: 'other'; readonly run: TransactionRunner<ClientState, ClientInput> };

class ClientTransaction {
  readonly key: string;
  readonly flow: Flow;
  readonly #request: ClientRequest;
  readonly #listener: ClientListener;
  readonly #runner: Runner;
  #response: SipResponse | undefined;

  constructor(
    core: SipCore,
    request: ClientRequest,
    listener: ClientListener,
    onEnd: (over: ClientTransaction) => void,
  ) {
    this.key = clientKey(request.branch, request.method);
    this.flow = request.flow;
    this.#request = request;
    this.#listener = listener;
    const timing = core.timing(request.flow);
    const host = {
      clock: core.clock,
      timers: core.timers,
      timing,
      send: (bytes: Uint8Array) => core.send(bytes, request.flow),
      tell: (what: (Effect & { do: 'tell' })['what']) => this.#told(what),
      terminated: () => onEnd(this),
    };
    if (request.method === 'INVITE') {
      const run = new TransactionRunner(stepInviteClient, inviteClientStart(request.bytes, timing), host);
      this.#runner = { kind: 'invite', run };
    } else {
      const run = new TransactionRunner(stepClient, clientStart(request.bytes, timing), host);
      this.#runner = { kind: 'other', run };
    }
  }

  begin(): void {
    this.#runner.run.apply({ type: 'begin' });
  }

  receive(response: SipResponse): void {
    const { status } = response;
    this.#response = response;
    if (this.#runner.kind === 'invite') {
      const ack = status >= 300 ? this.#request.ack?.(response) : undefined;
      this.#runner.run.apply({ type: 'response', status, ack });
    } else this.#runner.run.apply({ type: 'response', status });
    this.#response = undefined;
  }

  transportError(): void {
    this.#runner.run.apply({ type: 'transport-error' });
  }

  abandon(): void {
    this.#runner.run.abandon();
  }

  ended(): void {
    this.#listener.over?.();
  }

  #told(what: string): void {
    if (what === 'response' && this.#response !== undefined) this.#listener.response(this.#response);
    else if (what === 'timeout' || what === 'transport-error') this.#listener.failed(what);
  }
}

export class ClientTable {
  readonly #byKey = new Map<string, ClientTransaction>();

  get size(): number {
    return this.#byKey.size;
  }

  /** Sends a request and keeps at it until a final response or a time-out. */
  start(core: SipCore, request: ClientRequest, listener: ClientListener): void {
    const transaction = new ClientTransaction(core, request, listener, (over) => {
      this.#byKey.delete(over.key);
      over.ended();
    });
    this.#byKey.set(transaction.key, transaction);
    if (core.isOpen(request.flow)) transaction.begin();
    else transaction.transportError();
  }

  /** False when no request of ours is waiting for it. */
  receive(response: SipResponse): boolean {
    const transaction = this.#byKey.get(clientKeyOf(response));
    transaction?.receive(response);
    return transaction !== undefined;
  }

  /** Waits no longer for a final response; the listener hears `failed`. */
  giveUp(branch: string, method: string): void {
    this.#byKey.get(clientKey(branch, method))?.transportError();
  }

  flowClosed(flow: Flow): void {
    for (const transaction of [...this.#byKey.values()])
      if (transaction.flow === flow) transaction.transportError();
  }

  abandon(): void {
    for (const transaction of this.#byKey.values()) transaction.abandon();
    this.#byKey.clear();
  }
}
