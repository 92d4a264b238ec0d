import { DataPacket, DataPacket_Kind, RpcRequest } from '@livekit/protocol';
import type { Clock, Millis } from '../base/clock.ts';
import { newId } from '../base/ids.ts';
import type { Random } from '../base/random.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { AdministeredRoom } from '../room/administration.ts';
import type { Participant } from '../room/participant.ts';

/** How long a client may take to say that it has the request, ms, and how long to answer when nothing is said. */
const ACK_MS: Millis = 7_000;
const RESPONSE_MS: Millis = 10_000;
const LONGEST_MS: Millis = 120_000;
/** Largest payload, bytes: clients' own limit. */
const MAX_PAYLOAD = 15 * 1024;
/** Requests that wait for an answer. */
const MAX_PENDING = 1000;

/** Why there was no answer; numbers below 1400 are a client's own errors (LiveKit's RpcError). */
export interface RpcFailure {
  readonly code: number;
  readonly message: string;
  readonly data: string;
}

/** How a request went. */
export type RpcOutcome =
  | { readonly ok: true; readonly payload: string }
  | { readonly ok: false; readonly error: RpcFailure };

interface Pending {
  readonly participant: string;
  readonly settle: (outcome: RpcOutcome) => void;
  ack: Alarm | undefined;
  readonly response: Alarm;
}

export interface RpcCall {
  readonly room: AdministeredRoom;
  readonly to: Participant;
  readonly method: string;
  readonly payload: string;
  /** 0: as usual. */
  readonly responseTimeoutMs: Millis;
}

/** The gateway's own RPC to participants: what a backend asks by the API, a client's method answers. */
export class ServerRpc {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #random: Random;
  readonly #pending = new Map<string, Pending>();

  constructor({ clock, random, timers }: { clock: Clock; timers: Timers; random: Random }) {
    this.#clock = clock;
    this.#timers = timers;
    this.#random = random;
  }

  /** Requests that wait, for tests. */
  get size(): number {
    return this.#pending.size;
  }

  /** Calls a participant's method. Never rejects. */
  call({ method, payload, responseTimeoutMs, room, to }: RpcCall): Promise<RpcOutcome> {
    if (new TextEncoder().encode(payload).length > MAX_PAYLOAD)
      return Promise.resolve(failed(1402, 'Request payload too large'));
    // Phones have no methods; who is not active has no data channel yet.
    if (to.kind === 'sip') return Promise.resolve(failed(1400, 'Method not supported at destination'));
    if (to.state !== 'active') return Promise.resolve(failed(1401, 'Recipient not found'));
    if (this.#pending.size >= MAX_PENDING) return Promise.resolve(failed(1505, 'Too many requests'));
    const id = newId(this.#random, 'RPC');
    const timeout = Math.min(LONGEST_MS, responseTimeoutMs || RESPONSE_MS);
    const request = new RpcRequest({ id, method, payload, responseTimeoutMs: timeout, version: 1 });
    const packet = new DataPacket({
      kind: DataPacket_Kind.RELIABLE,
      // Whoever it is from: the answer goes to this name, and so comes to us.
      participantIdentity: id,
      destinationIdentities: [to.identity],
      value: { case: 'rpcRequest', value: request },
    });
    return new Promise((settle) => {
      const now = this.#clock.now();
      this.#pending.set(id, {
        ...{ settle, participant: to.sid },
        ack: this.#timers.schedule(now + ACK_MS, () => this.#settle(id, failed(1501, 'Connection timeout'))),
        response: this.#timers.schedule(now + timeout, () =>
          this.#settle(id, failed(1502, 'Response timeout')),
        ),
      });
      room.orders.announce('reliable', packet.toBinary(), [to.identity]);
    });
  }

  /** A client's packet; true: it was an answer to us, and is nobody else's. */
  take(from: Participant, { value }: DataPacket): boolean {
    if (value.case !== 'rpcAck' && value.case !== 'rpcResponse') return false;
    const { requestId } = value.value;
    const pending = this.#pending.get(requestId);
    if (pending === undefined || pending.participant !== from.sid) return false;
    this.#timers.cancel(pending.ack);
    pending.ack = undefined;
    if (value.case === 'rpcAck') return true;
    const { value: said } = value.value;
    if (said.case === 'payload') this.#settle(requestId, { ok: true, payload: said.value });
    else if (said.case === 'error') {
      const { code, data, message } = said.value;
      this.#settle(requestId, { ok: false, error: { code, message, data } });
    } else this.#settle(requestId, failed(1500, 'Application error in method handler'));
    return true;
  }

  #settle(id: string, outcome: RpcOutcome): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    this.#timers.cancel(pending.ack);
    this.#timers.cancel(pending.response);
    pending.settle(outcome);
  }
}

/** One of LiveKit's built-in errors. */
function failed(code: number, message: string): RpcOutcome {
  return { ok: false, error: { code, message, data: '' } };
}
