import { expect, test } from 'vitest';
import { Churn } from '../../support/churn.ts';

test('minutes of calls that come, talk, hold, fall silent and go leave nothing behind', () => {
  const churn = new Churn({ phones: 6, rooms: 3, seed: 5 });
  churn.run(300);
  // Enough of everything for the name of this test.
  expect(churn.calls).toBeGreaterThan(40);
  for (const deed of ['hold', 'key', 'talk', 'hang-up', 'vanish'] as const)
    expect(churn.done.get(deed), deed).toBeGreaterThan(0);
  churn.finish();
  expect(churn.gateway.faults).toEqual([]);
  expect(churn.gateway.left()).toEqual({});
  expect(churn.gateway.stop()).toBe(0);
}, 60_000);
