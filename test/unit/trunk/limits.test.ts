import { expect, test } from 'vitest';
import { TrunkLimits } from '../../../src/trunk/limits.ts';

test('calls at the same time', () => {
  const limits = new TrunkLimits();
  const trunk = { id: 'a', maxCalls: 2, callsPerSecond: 0 };
  const first = limits.begin(trunk, 0);
  expect(first.ok && limits.begin(trunk, 0).ok).toBe(true);
  expect(limits.begin(trunk, 0)).toEqual({ ok: false, error: 'trunk-limit' });
  expect(limits.begin({ ...trunk, id: 'b' }, 0).ok).toBe(true);
  if (first.ok) {
    first.value.release();
    first.value.release();
  }
  expect(limits.calls('a')).toBe(1);
  expect(limits.begin(trunk, 0).ok).toBe(true);
  expect(limits.begin(trunk, 0).ok).toBe(false);
});

test('calls per second', () => {
  const limits = new TrunkLimits();
  const trunk = { id: 'a', maxCalls: 0, callsPerSecond: 5 };
  const at = (now: number) => limits.begin(trunk, now).ok;
  expect([1, 2, 3, 4, 5].map(() => at(0))).toEqual([true, true, true, true, true]);
  expect(limits.begin(trunk, 0)).toEqual({ ok: false, error: 'trunk-rate' });
  expect(at(199)).toBe(false);
  expect(at(200)).toBe(true);
  expect(at(200)).toBe(false);
});

test('a refused call takes no place', () => {
  const limits = new TrunkLimits();
  const trunk = { id: 'a', maxCalls: 10, callsPerSecond: 1 };
  for (let i = 0; i < 50; i++) limits.begin(trunk, 0);
  expect(limits.calls('a')).toBe(1);
});

test('a slow rate still lets single calls through', () => {
  const limits = new TrunkLimits();
  const trunk = { id: 'a', maxCalls: 0, callsPerSecond: 0.1 };
  expect(limits.begin(trunk, 0).ok).toBe(true);
  expect(limits.begin(trunk, 9_999).ok).toBe(false);
  expect(limits.begin(trunk, 10_000).ok).toBe(true);
});
