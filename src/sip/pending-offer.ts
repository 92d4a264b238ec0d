import type { SipRequest } from './message.ts';
import type { OfferSettlement } from './ports.ts';
import type { ServerOwner, ServerTransaction } from './server-table.ts';

export interface PendingOfferHooks {
  accept(sdp: Uint8Array): void;
  /** It is pending no more; the answer goes out next. */
  settled(): void;
  /** The answer has gone out. */
  done(): void;
}

/** A re-INVITE or UPDATE that the application has not settled: exactly one answer goes out, whoever is first. */
export class PendingOffer implements OfferSettlement, ServerOwner {
  readonly #transaction: ServerTransaction;
  readonly #hooks: PendingOfferHooks;
  #open = true;

  constructor(transaction: ServerTransaction, hooks: PendingOfferHooks) {
    this.#transaction = transaction;
    this.#hooks = hooks;
    transaction.owner = this;
  }

  accept(sdp: Uint8Array): void {
    if (!this.#settle()) return;
    this.#hooks.accept(sdp);
    this.#hooks.done();
  }

  reject(status: number): void {
    if (!this.#settle()) return;
    this.#transaction.respond(status);
    this.#hooks.done();
  }

  /** The re-INVITE was taken back; the call goes on as it was. */
  cancelled(_cancel: SipRequest): void {
    this.reject(487);
  }

  transportFailed(): void {
    if (this.#settle()) this.#hooks.done();
  }

  #settle(): boolean {
    if (!this.#open) return false;
    this.#open = false;
    this.#hooks.settled();
    return true;
  }
}
