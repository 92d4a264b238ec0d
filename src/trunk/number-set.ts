import { fail, ok, type Result } from '../base/result.ts';
import { normalizeNumber, numberKey } from './number.ts';

/** Why a text is no number and no pattern. */
export type PatternFault = 'number' | 'range';

/** One entry of a list of numbers. Digits are E.164 without the plus, or as they are dialled. */
type Pattern =
  | { readonly kind: 'exact'; readonly key: string }
  /** `+6031*`: all that begin so. */
  | { readonly kind: 'prefix'; readonly key: string }
  /** `+60312345600..+60312345699`: of the same length, both ends included. */
  | { readonly kind: 'range'; readonly first: string; readonly last: string };

/** An exact number outweighs every pattern. */
const EXACT = 1000;

/**
 * Reads a number, a prefix with `*` at its end, or a range with `..` between two numbers of the same length. There is no
 * more to the language, so that each takes a time that does not depend on what is dialled.
 */
export function parsePattern(text: string, country: string | undefined): Result<Pattern, PatternFault> {
  const dots = text.indexOf('..');
  if (dots >= 0) {
    const first = digitsOf(text.slice(0, dots), country);
    const last = digitsOf(text.slice(dots + 2), country);
    if (first === undefined || last === undefined || first.length !== last.length || first > last)
      return fail('range');
    return ok({ kind: 'range', first, last });
  }
  if (text.endsWith('*') && /^\+?\d+\*$/.test(text))
    return ok({ kind: 'prefix', key: numberKey(text.slice(0, -1)) });
  const number = normalizeNumber(text, country);
  return number.ok ? ok({ kind: 'exact', key: numberKey(number.value) }) : fail('number');
}

function digitsOf(text: string, country: string | undefined): string | undefined {
  const number = normalizeNumber(text.trim(), country);
  const key = number.ok ? numberKey(number.value) : '';
  return /^\d+$/.test(key) ? key : undefined;
}

/** Numbers and patterns, compiled for asking often. */
export class NumberSet {
  readonly #exact = new Set<string>();
  readonly #patterns: Exclude<Pattern, { kind: 'exact' }>[] = [];
  readonly #size: number;

  /** What is no pattern names nobody, and the set is no emptier for it. Configuration refuses it with its place. */
  constructor(texts: readonly string[], country: string | undefined) {
    this.#size = texts.length;
    for (const text of texts) {
      const pattern = parsePattern(text, country);
      if (!pattern.ok) continue;
      if (pattern.value.kind === 'exact') this.#exact.add(pattern.value.key);
      else this.#patterns.push(pattern.value);
    }
  }

  /** Nothing was listed: whoever asks takes that for everybody. */
  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /**
   * How closely the set names a normalised number: 0 not at all, else the more the closer. A range counts by the digits
   * that its ends have in common, a prefix by its length.
   */
  closeness(normalized: string): number {
    const key = numberKey(normalized);
    if (this.#exact.has(key)) return EXACT;
    let best = 0;
    for (const pattern of this.#patterns) best = Math.max(best, closenessOf(pattern, key));
    return best;
  }
}

function closenessOf(pattern: Exclude<Pattern, { kind: 'exact' }>, key: string): number {
  if (pattern.kind === 'prefix') return key.startsWith(pattern.key) ? pattern.key.length : 0;
  const { first, last } = pattern;
  if (key.length !== first.length || key < first || key > last) return 0;
  let common = 0;
  while (common < first.length && first[common] === last[common]) common++;
  return Math.max(1, common);
}
