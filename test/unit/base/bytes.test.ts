import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteSlab, concat, utf8 } from '../../../src/base/bytes.ts';

test('property: what a slab hands out is what was written, and stays so', () => {
  const pieces = fc.array(
    fc.tuple(fc.string({ unit: 'binary', maxLength: 60 }), fc.uint8Array({ maxLength: 40 })),
  );
  fc.assert(
    fc.property(pieces, fc.integer({ min: 0, max: 256 }), (written, size) => {
      const slab = new ByteSlab(size);
      const parts = written.map(([text, rest]) => slab.write(text, rest));
      expect(parts.map((part) => [...part])).toEqual(
        written.map(([text, rest]) => [...concat([utf8(text), rest])]),
      );
    }),
  );
});

test('parts share an array as long as it has room', () => {
  const slab = new ByteSlab(64);
  const [first, second, third] = [slab.write('a'), slab.write('b'.repeat(20)), slab.write('c'.repeat(20))];
  expect(second.buffer).toBe(first.buffer);
  expect(third.buffer).not.toBe(first.buffer);
});
