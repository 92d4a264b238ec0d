import { expect, test } from 'vitest';
import { isDead, isUnreachable } from '../../../src/call/outgoing-ending.ts';

test('who refused is not asked elsewhere, unless the trunk says so', () => {
  const end = (status: number) => ({ by: 'rejected' as const, status, phrase: '', reason: undefined });
  const codes = [408, 500, 503];
  expect(codes.every((status) => isUnreachable(end(status), codes))).toBe(true);
  expect([302, 401, 404, 486, 488, 504, 603].some((status) => isUnreachable(end(status), codes))).toBe(false);
  expect(isUnreachable({ by: 'timeout' }, [])).toBe(true);
  expect(isUnreachable({ by: 'bye', reason: undefined }, codes)).toBe(false);
});

test('a target that refused lives', () => {
  const end = (status: number) => ({ by: 'rejected' as const, status, phrase: '', reason: undefined });
  expect([404, 486, 302].some((status) => isDead(end(status)))).toBe(false);
  expect(isDead(end(503))).toBe(true);
  expect(isDead({ by: 'transport', detail: '' })).toBe(true);
});
