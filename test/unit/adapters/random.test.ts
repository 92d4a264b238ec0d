import { expect, test } from 'vitest';
import { systemRandom } from '../../../src/adapters/crypto/crypto.ts';

test('no bytes are given twice, whatever the lengths, nor does one piece change another', () => {
  const pieces = Array.from({ length: 3000 }, (_, i) => systemRandom.bytes(12 + (i % 7)));
  const copies = pieces.map((piece) => Buffer.from(piece).toString('hex'));
  for (const piece of pieces.slice(0, 1500)) piece.fill(0);
  expect(new Set(copies.map((copy) => copy.slice(0, 24))).size).toBe(3000);
  expect(pieces.slice(1500).map((piece) => Buffer.from(piece).toString('hex'))).toEqual(copies.slice(1500));
});

test('more than the pool holds, and numbers of 32 bits', () => {
  const big = systemRandom.bytes(20_000);
  expect(big).toHaveLength(20_000);
  expect(new Set(big).size).toBe(256);
  const numbers = Array.from({ length: 1000 }, () => systemRandom.u32());
  expect(numbers.every((n) => Number.isInteger(n) && n >= 0 && n < 2 ** 32)).toBe(true);
  expect(Math.max(...numbers)).toBeGreaterThan(2 ** 31);
});
