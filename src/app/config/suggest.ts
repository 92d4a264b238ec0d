import { z } from 'zod';
import type { Path } from './source.ts';

/** ` (did you mean port?)` for a key that nearly exists, else empty. */
export function suggest(schema: z.ZodType, path: Path, key: string): string {
  const near = nearest(keysAt(schema, path), key);
  return near === undefined ? '' : ` (did you mean ${near}?)`;
}

/** Of `known` the one that was probably meant: two letters amiss at most and no more than half of them, or the whole of which `text` is a part. */
export function nearest(known: readonly string[], text: string): string | undefined {
  const near = known
    .map((one) => ({ one, distance: editDistance(one, text) }))
    .filter(({ distance }) => distance <= Math.min(2, text.length / 2))
    .sort((a, b) => a.distance - b.distance)[0];
  return near?.one ?? (text.length < 4 ? undefined : known.find((one) => one.includes(text)));
}

function keysAt(schema: z.ZodType, path: Path): string[] {
  let at: z.ZodType | undefined = unwrapped(schema);
  for (const part of path) {
    if (at instanceof z.ZodObject) at = (at.shape as Record<string, z.ZodType>)[String(part)];
    else if (at instanceof z.ZodArray) at = at.element as z.ZodType;
    else return [];
    if (at === undefined) return [];
    at = unwrapped(at);
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

/** Looks through defaults and optionals. */
export function unwrapped(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional) {
    inner = inner.unwrap() as z.ZodType;
  }
  return inner;
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
