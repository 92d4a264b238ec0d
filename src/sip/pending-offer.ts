import type { SipRequest } from './message.ts';
import type { OfferSettlement } from './ports.ts';
import type { ServerOwner, ServerTransaction } from './server-table.ts';

/** A re-INVITE or UPDATE that the application has not settled: exactly one answer goes out, whoever is first. */
export class PendingOffer implements OfferSettlement, ServerOwner {
  readonly #transaction: ServerTransaction;
  readonly #hooks: { accept(sdp: Uint8Array): void; settled(): void };
  #open = true;

  constructor(transaction: ServerTransaction, hooks: { accept(sdp: Uint8Array): void; settled(): void }) {
    this.#transaction = transaction;
    this.#hooks = hooks;
    transaction.owner = this;
  }

  accept(sdp: Uint8Array): void {
    if (this.#settle()) this.#hooks.accept(sdp);
  }

  reject(status: number): void {
    if (this.#settle()) this.#transaction.respond(status);
  }

  /** The re-INVITE was taken back; the call goes on as it was. */
  cancelled(_cancel: SipRequest): void {
    this.reject(487);
  }

  transportFailed(): void {
    this.#settle();
  }

  #settle(): boolean {
    if (!this.#open) return false;
    this.#open = false;
    this.#hooks.settled();
    return true;
  }
}
