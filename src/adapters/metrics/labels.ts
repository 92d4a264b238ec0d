/** Values of one label on one metric; more would let strangers grow the registry. */
const MAX_VALUES = 100;

/**
 * Keeps a label's values few and plain: a short name as it is, anything else, and everything after the hundredth
 * value, as `other`.
 */
export class LabelGuard {
  readonly #seen = new Map<string, Set<string>>();

  value(metric: string, label: string, text: string): string {
    if (!/^[A-Za-z0-9][A-Za-z0-9_./-]{0,63}$/.test(text)) return 'other';
    const key = `${metric} ${label}`;
    const seen = this.#seen.get(key) ?? new Set<string>();
    this.#seen.set(key, seen);
    if (!seen.has(text) && seen.size >= MAX_VALUES) return 'other';
    seen.add(text);
    return text;
  }
}
