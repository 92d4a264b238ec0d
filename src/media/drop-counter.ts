import type { DropPlace } from '../events/index.ts';

/** Sums up what was dropped, by place and reason, until it is told. Both come from unions, so it is bounded. */
export class DropCounter {
  readonly #counts = new Map<DropPlace, Map<string, number>>();

  count(where: DropPlace, reason: string, count = 1): void {
    let reasons = this.#counts.get(where);
    if (reasons === undefined) {
      reasons = new Map();
      this.#counts.set(where, reasons);
    }
    reasons.set(reason, (reasons.get(reason) ?? 0) + count);
  }

  /** Tells all sums and starts from nothing. */
  flush(tell: (where: DropPlace, reason: string, count: number) => void): void {
    for (const [where, reasons] of this.#counts) {
      for (const [reason, count] of reasons) tell(where, reason, count);
    }
    this.#counts.clear();
  }
}
