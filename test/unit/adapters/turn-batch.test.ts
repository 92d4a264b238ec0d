import { expect, test } from 'vitest';
import { batchedOutput } from '../../../src/adapters/log/batched-output.ts';
import { TurnBatch } from '../../../src/base/turn-batch.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('what one turn of the loop brings is delivered together, in its order', async () => {
  const delivered: number[][] = [];
  const batch = new TurnBatch<number>((items) => delivered.push(items), setImmediate);
  for (const item of [1, 2, 3]) batch.push(item);
  expect(delivered).toEqual([]);
  await turn();
  batch.push(4);
  await turn();
  await turn();
  expect(delivered).toEqual([[1, 2, 3], [4]]);
});

test('a flush delivers at once, and what comes while it delivers is the next batch', async () => {
  const delivered: number[][] = [];
  const batch = new TurnBatch<number>((items) => {
    delivered.push(items);
    if (items[0] === 1) batch.push(2);
  }, setImmediate);
  batch.push(1);
  batch.flush();
  expect(delivered).toEqual([[1]]);
  await turn();
  expect(delivered).toEqual([[1], [2]]);
});

test('lines of the log go out together, at the latest with the process', async () => {
  const written: string[] = [];
  let exit = () => {};
  const output = batchedOutput({ write: (text) => written.push(text) }, (flush) => {
    exit = flush;
  });
  output.write('a\n');
  output.write('b\n');
  await turn();
  output.write('c\n');
  exit();
  expect(written).toEqual(['a\nb\n', 'c\n']);
});

test('a terminal gets its lines at once', () => {
  const written: string[] = [];
  const output = batchedOutput({ isTTY: true, write: (text) => written.push(text) }, () => {});
  output.write('a\n');
  expect(written).toEqual(['a\n']);
});
