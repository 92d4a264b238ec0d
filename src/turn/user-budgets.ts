import type { Millis } from '../base/clock.ts';
import { TokenBucket } from '../base/token-bucket.ts';

/** What one user's allocations may carry together, in bytes. */
export interface Budget {
  readonly up: TokenBucket;
  readonly down: TokenBucket;
}

interface Account extends Budget {
  held: number;
}

/** So much of a second's bytes may come at once: a key frame of each of several cameras. */
const BURST_SECONDS = 0.5;

/** How much each user holds and carries; users that hold nothing are forgotten. */
export class UserBudgets {
  readonly #bytesPerSecond: number;
  readonly #accounts = new Map<string, Account>();

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** Allocations and reserved ports of this user. */
  heldBy(identity: string): number {
    return this.#accounts.get(identity)?.held ?? 0;
  }

  /** Counts one more; {@link give} takes it back. */
  take(identity: string, now: Millis): Budget {
    let account = this.#accounts.get(identity);
    if (account === undefined) {
      const perSecond = this.#bytesPerSecond;
      const rate = { perSecond, burst: perSecond * BURST_SECONDS };
      account = { held: 0, up: new TokenBucket(rate, now), down: new TokenBucket(rate, now) };
      this.#accounts.set(identity, account);
    }
    account.held++;
    return account;
  }

  give(identity: string): void {
    const account = this.#accounts.get(identity);
    if (account !== undefined && --account.held === 0) this.#accounts.delete(identity);
  }
}
