import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isUnreachable, q850Of } from '../../../src/call/outgoing-ending.ts';

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

test('who refused is not asked elsewhere', () => {
  const rejected = (status: number) =>
    isUnreachable({ by: 'rejected', status, phrase: '', reason: undefined });
  expect([408, 500, 503].every(rejected)).toBe(true);
  expect([302, 401, 404, 486, 488, 603].some(rejected)).toBe(false);
  expect(isUnreachable({ by: 'timeout' })).toBe(true);
  expect(isUnreachable({ by: 'bye', reason: undefined })).toBe(false);
});
