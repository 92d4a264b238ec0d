import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalizeNumber, numberKey } from '../../../src/trunk/number.ts';

test.each([
  ['0312345678', 'MY', '+60312345678'],
  ['60312345678', 'MY', '+60312345678'],
  ['+60312345678', 'MY', '+60312345678'],
  ['0060312345678', 'MY', '+60312345678'],
  ['+60-3-1234 5678', 'MY', '+60312345678'],
  ['+60312345678;npdi=yes', 'MY', '+60312345678'],
  ['(03) 1234-5678', 'MY', '+60312345678'],
  ['999', 'MY', '999'],
  ['1001', 'MY', '1001'],
  ['*98', 'MY', '*98'],
  ['lobby', 'MY', 'lobby'],
  ['lobby', undefined, 'lobby'],
  ['team-a.b_c', undefined, 'team-a.b_c'],
  ['60312345678', undefined, '60312345678'],
  ['+60312345678', undefined, '+60312345678'],
])('%s in %s is %s', (user, country, number) => {
  expect(normalizeNumber(user, country)).toEqual({ ok: true, value: number });
});

test.each([
  ['', 'empty'],
  [';x=y', 'empty'],
  ["1' OR '1'='1", 'characters'],
  ['a b', 'characters'],
  ['<script>', 'characters'],
  ['1\r\nVia: x', 'characters'],
  ['../../etc', 'characters'],
  ['é', 'characters'],
  ['+', 'characters'],
  ['1'.repeat(65), 'characters'],
  ['1'.repeat(66), 'too-long'],
  ['x'.repeat(10_000), 'too-long'],
])('%j is refused: %s', (user, fault) => {
  expect(normalizeNumber(user, 'MY')).toEqual({ ok: false, error: fault });
});

test('whatever comes, the result is plain, and normalising it again changes nothing', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\+?[0-9()-]{1,20}$/)), (user) => {
      const once = normalizeNumber(user, 'MY');
      if (!once.ok) return;
      expect(once.value).toMatch(/^\+?[0-9*#A-Za-z._-]{1,64}$/);
      expect(normalizeNumber(once.value, 'MY')).toEqual(once);
    }),
  );
});

test('plus and case do not tell subscribers apart', () => {
  expect(numberKey('+60312345678')).toBe(numberKey('60312345678'));
  expect(numberKey('Lobby')).toBe(numberKey('lobby'));
});
