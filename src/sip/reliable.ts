/** Provisional responses that are acknowledged by PRACK, as a UAS sends them (RFC 3262 section 3). */
import type { Alarm } from '../base/wake-queue.ts';
import type { SipCore } from './core.ts';
import { parseNumber } from './grammar.ts';
import type { SipRequest } from './message.ts';
import type { ServerTransaction } from './server-table.ts';

/** What is to be sent; `sdp` when it carries an offer or answer. */
export interface Provisional {
  readonly status: number;
  readonly sdp: Uint8Array | undefined;
}

interface Waiting extends Provisional {
  readonly rseq: number;
  interval: number;
}

export interface ReliableHost {
  /** Sends the response with this RSeq; its bytes, or undefined when the INVITE has its final answer. */
  send(provisional: Provisional, rseq: number): Uint8Array | undefined;
  /** No PRACK in 64 T1: the INVITE is to be refused (section 3). */
  unacknowledged(): void;
}

/** Responses kept behind the one that waits for its PRACK. */
const MAX_QUEUE = 8;

/** One INVITE's reliable provisional responses, one at a time. */
export class ReliableProvisionals {
  readonly #core: SipCore;
  readonly #transaction: ServerTransaction;
  readonly #cseq: number;
  readonly #host: ReliableHost;
  readonly #queue: Provisional[] = [];
  /** 0 until there is one. */
  #rseq = 0;
  #waiting: Waiting | undefined;
  #stopped = false;
  #again: Alarm | undefined;
  #deadline: Alarm | undefined;

  constructor(core: SipCore, transaction: ServerTransaction, cseq: number, host: ReliableHost) {
    this.#core = core;
    this.#transaction = transaction;
    this.#cseq = cseq;
    this.#host = host;
  }

  /** A description is on its way that nobody has acknowledged: a 2xx must wait (section 3). */
  get holds2xx(): boolean {
    return this.#waiting?.sdp !== undefined || this.#queue.some(({ sdp }) => sdp !== undefined);
  }

  /** Sends it when the one before has got its PRACK. */
  send(provisional: Provisional): void {
    if (this.#stopped) return;
    if (this.#waiting !== undefined) {
      if (this.#queue.length < MAX_QUEUE) this.#queue.push(provisional);
      return;
    }
    // Section 3: the first is chosen at random from 1 to 2^31 - 1; that leaves room to count up.
    if (this.#rseq === 0) this.#rseq = (this.#core.random.u32() % 0x3fffffff) + 1;
    const rseq = this.#rseq++;
    const bytes = this.#host.send(provisional, rseq);
    if (bytes === undefined) return;
    const { t1 } = this.#core.timing(this.#transaction.flow);
    const waiting = { ...provisional, rseq, interval: t1 };
    this.#waiting = waiting;
    this.#ring(waiting, bytes);
    this.#deadline = this.#core.after(64 * t1, () => this.#host.unacknowledged());
  }

  /** A PRACK came: what it acknowledges, or undefined for 481. */
  acknowledged(prack: SipRequest): Provisional | undefined {
    const waiting = this.#waiting;
    const [rseq = '', cseq = '', method] = (prack.headers.get('rack') ?? '').trim().split(/[ \t]+/);
    if (waiting === undefined || method !== 'INVITE') return undefined;
    if (parseNumber(rseq, 2 ** 32) !== waiting.rseq || parseNumber(cseq, 2 ** 32) !== this.#cseq)
      return undefined;
    this.#waiting = undefined;
    this.#silence();
    return waiting;
  }

  /** What waited behind the last one goes out. */
  proceed(): void {
    const next = this.#waiting === undefined ? this.#queue.shift() : undefined;
    if (next !== undefined) this.send(next);
  }

  /** The INVITE has its final answer. What was sent may still be acknowledged, but is not sent again. */
  stop(): void {
    this.#stopped = true;
    this.#queue.length = 0;
    this.#silence();
  }

  #silence(): void {
    this.#core.timers.cancel(this.#again);
    this.#core.timers.cancel(this.#deadline);
  }

  #ring(waiting: Waiting, bytes: Uint8Array): void {
    this.#again = this.#core.after(waiting.interval, () => {
      waiting.interval *= 2;
      this.#ring(waiting, bytes);
      this.#transaction.resend(bytes);
    });
  }
}
