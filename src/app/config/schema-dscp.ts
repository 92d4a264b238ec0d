import { z } from 'zod';

/** Code points by their names (RFC 2474, RFC 2597, RFC 3246). */
const CODE_POINTS = {
  none: 0,
  ...{ cs1: 8, cs2: 16, cs3: 24, cs4: 32, cs5: 40, cs6: 48, cs7: 56 },
  ...{ af11: 10, af12: 12, af13: 14, af21: 18, af22: 20, af23: 22 },
  ...{ af31: 26, af32: 28, af33: 30, af41: 34, af42: 36, af43: 38 },
  ef: 46,
} as const;

type CodePoint = keyof typeof CODE_POINTS;

/** A code point by its name or number; inside it is a number. `what`: whose packets bear it, and when. */
export function dscp(standard: CodePoint, what: string) {
  return z
    .union([z.enum(Object.keys(CODE_POINTS) as [CodePoint, ...CodePoint[]]), z.int().min(0).max(63)], {
      error: 'a code point is expected, such as ef, cs3 or none, or a number from 0 to 63',
    })
    .prefault(standard)
    .meta({
      title: 'code point',
      description: `DSCP, by name or number (RFC 2474), of ${what}. none: not marked.`,
    })
    .transform((value) => (typeof value === 'number' ? value : CODE_POINTS[value]));
}
