import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isDead, isUnreachable, q850Of } from '../../../src/call/outgoing-ending.ts';

test('the cause of a Reason header', () => {
  expect(q850Of('Q.850;cause=17;text="User busy"')).toBe(17);
  expect(q850Of('q.850 ; text=x ; cause = 16')).toBe(16);
  expect(q850Of('Q.850;cause=200')).toBeUndefined();
  expect(q850Of('SIP;cause=486')).toBeUndefined();
  expect(q850Of('Q.850;cause=1x')).toBeUndefined();
  expect(q850Of(undefined)).toBeUndefined();
  fc.assert(
    fc.property(fc.string(), (text) => {
      q850Of(text);
      q850Of(`Q.850;${text}`);
    }),
  );
});

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
