import { expect, test } from 'vitest';
import { PathSilence } from '../../../src/ice/path-silence.ts';

/** Packets every `gapMs` for 10 s; from the last one on, the first moment of suspicion, ms, or undefined for none in 30 s. */
function suspicionAfter(gapMs: number): number | undefined {
  const silence = new PathSilence();
  let now = 0;
  for (; now < 10_000; now += gapMs) {
    expect(silence.isSuspicious(now)).toBe(false);
    silence.heard(now);
  }
  const last = now - gapMs;
  for (let at = last; at < last + 30_000; at += 10) if (silence.isSuspicious(at)) return at - last;
  return undefined;
}

test.each([
  [20, 410],
  [60, 410],
  [100, 610],
  [250, 1510],
])('of who sends every %i ms nothing for %i ms is suspicious', (gapMs, after) => {
  const found = suspicionAfter(gapMs);
  expect(found).toBeGreaterThanOrEqual(after - 100);
  expect(found).toBeLessThanOrEqual(after + 100);
});

test('of who sends next to nothing no silence is, nor of who never sent', () => {
  expect(suspicionAfter(1500)).toBeUndefined();
  const silence = new PathSilence();
  expect(silence.isSuspicious(60_000)).toBe(false);
  silence.heard(60_000);
  expect(silence.isSuspicious(61_000)).toBe(false);
});

test('it is over with the next packet, and after 10 s', () => {
  const silence = new PathSilence();
  for (let now = 0; now < 3000; now += 20) silence.heard(now);
  expect(silence.isSuspicious(4000)).toBe(true);
  silence.heard(4000);
  expect(silence.isSuspicious(4001)).toBe(false);
  for (let now = 4020; now < 7000; now += 20) silence.heard(now);
  expect([7500, 16_900, 17_000].map((now) => silence.isSuspicious(now))).toEqual([true, true, false]);
});

test('of who was never heard, or says next to nothing, no silence is suspicious, at no time', () => {
  const silence = new PathSilence();
  expect(silence.suspiciousAt).toBe(Number.POSITIVE_INFINITY);
  silence.heard(1000);
  expect(silence.suspiciousAt).toBe(Number.POSITIVE_INFINITY);
  for (let now = 1020; now <= 3000; now += 20) silence.heard(now);
  expect(silence.suspiciousAt).toBe(3400);
});
