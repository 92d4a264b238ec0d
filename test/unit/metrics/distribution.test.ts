import fc from 'fast-check';
import { Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { SummedHistogram } from '../../../src/adapters/metrics/distribution.ts';
import { LabelTree } from '../../../src/adapters/metrics/label-tree.ts';

const BOUNDS = [0, 0.005, 0.1, 1, 30];

/** Both kinds in a registry of their own, given the same. */
async function texts(labelNames: string[], values: readonly (readonly [string, number])[]) {
  const [theirs, ours] = [new Registry(), new Registry()];
  const histogram = new Histogram({
    ...{ name: 'h', help: 'Help.', buckets: [...BOUNDS], labelNames, registers: [theirs] },
  });
  const summed = new SummedHistogram('h', 'Help.', BOUNDS, labelNames);
  ours.registerMetric(summed);
  for (const [label, value] of values) {
    const labels: Record<string, string> = labelNames.length === 0 ? {} : { a: label, b: 'b' };
    histogram.observe(labels, value);
    summed.of(labels).add(value);
  }
  return { theirs: await theirs.metrics(), ours: await ours.metrics() };
}

test('a summed histogram shows what that of prom-client shows', async () => {
  const value = fc.oneof(fc.constantFrom(...BOUNDS), fc.double({ min: 0, max: 40, noNaN: true }));
  const values = fc.array(fc.tuple(fc.constantFrom('x', 'y', 'other'), value));
  await fc.assert(
    fc.asyncProperty(fc.boolean(), values, async (hasLabels, given) => {
      const { theirs, ours } = await texts(hasLabels ? ['a', 'b'] : [], given);
      expect(ours).toEqual(theirs);
    }),
  );
});

test('labels are looked up once, and those beyond the bound each time', () => {
  let asked = 0;
  const tree = new LabelTree((labels) => `${Object.values(labels).join()} ${++asked}`);
  expect(tree.get({ a: 'x', b: 1 })).toBe('x,1 1');
  expect(tree.get({ a: 'x', b: 1 })).toBe('x,1 1');
  expect(tree.get({ a: 'x', b: 2 })).toBe('x,2 2');
  expect(tree.get({})).toBe(' 3');
  for (let i = 0; i < 5000; i++) tree.get({ a: `${i}` });
  const before = asked;
  tree.get({ a: '4999' });
  expect(asked).toBe(before + 1);
  tree.get({ a: 'x', b: 2 });
  expect(asked).toBe(before + 1);
});
