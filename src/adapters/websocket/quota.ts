import { sourceKey } from '../../base/source-key.ts';

/** How many connections there may be. */
export interface QuotaLimits {
  readonly connections: number;
  /** Of one address, of IPv6 one /64. */
  readonly perAddress: number;
}

/** Counts connections in all and of each address. */
export class ConnectionQuota {
  readonly #limits: QuotaLimits;
  readonly #byAddress = new Map<string, number>();
  #open = 0;

  constructor(limits: QuotaLimits) {
    this.#limits = limits;
  }

  get open(): number {
    return this.#open;
  }

  /** False when one more is too many; else {@link release} must follow once. */
  take(address: string): boolean {
    const source = sourceKey(address);
    const its = this.#byAddress.get(source) ?? 0;
    if (its >= this.#limits.perAddress || this.#open >= this.#limits.connections) return false;
    this.#byAddress.set(source, its + 1);
    this.#open++;
    return true;
  }

  release(address: string): void {
    this.#open--;
    const source = sourceKey(address);
    const its = (this.#byAddress.get(source) ?? 1) - 1;
    if (its > 0) this.#byAddress.set(source, its);
    else this.#byAddress.delete(source);
  }
}
