import { expect, test } from 'vitest';
import { Liveness } from '../../../src/leg/liveness.ts';

test('a phone lives as long as the last that came of it, though what came before is told later', () => {
  const liveness = new Liveness();
  expect(liveness.hear(1000)).toBe(true);
  // RTCP came at 2000; packets that a lane kept back are told behind it.
  liveness.restart(2000);
  liveness.restart(1500);
  expect(liveness.hear(1600)).toBe(false);
  expect(liveness.fellSilent(2999, 1000)).toBe(false);
  expect(liveness.fellSilent(3000, 1000)).toBe(true);
  expect(liveness.fellSilent(4000, 1000)).toBe(false);
  liveness.restart(5000);
  liveness.excuse(6000);
  expect(liveness.fellSilent(6999, 1000)).toBe(false);
  expect(liveness.fellSilent(7000, 1000)).toBe(true);
});
