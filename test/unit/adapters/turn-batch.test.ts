import { expect, test, vi } from 'vitest';
import { batchedOutput } from '../../../src/adapters/log/batched-output.ts';
import { outbox } from '../../../src/adapters/worker/crossing.ts';
import { TurnBatch } from '../../../src/base/turn-batch.ts';
import type { MediaCommand } from '../../../src/media/protocol.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('what one turn of the loop brings is delivered together, in its order', async () => {
  const delivered: number[][] = [];
  const batch = new TurnBatch<number>((items) => delivered.push(items), { atEnd: setImmediate });
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
  const batch = new TurnBatch<number>(
    (items) => {
      delivered.push(items);
      if (items[0] === 1) batch.push(2);
    },
    { atEnd: setImmediate },
  );
  batch.push(1);
  batch.flush();
  expect(delivered).toEqual([[1]]);
  await turn();
  expect(delivered).toEqual([[1], [2]]);
});

test('what nobody waits for goes with the next, in its order, or a moment later on its own', async () => {
  const delivered: number[][] = [];
  const waiting: (() => void)[] = [];
  const later = (run: () => void) => waiting.push(run);
  const batch = new TurnBatch<number>((items) => delivered.push(items), { atEnd: setImmediate, later });
  batch.push(1, 'with-the-next');
  await turn();
  expect(delivered).toEqual([]);
  batch.push(2);
  batch.push(3, 'with-the-next');
  await turn();
  expect(delivered).toEqual([[1, 2, 3]]);
  batch.push(4, 'with-the-next');
  expect(waiting).toHaveLength(1);
  waiting[0]!();
  expect(delivered).toEqual([[1, 2, 3], [4]]);
  batch.push(5, 'with-the-next');
  waiting[1]!();
  expect(delivered.at(-1)).toEqual([5]);
});

test('the end of a call waits for company on its way to the other thread, its beginning does not', async () => {
  const posted: string[][] = [];
  const commands = outbox<MediaCommand>((batch) => posted.push(batch.map(({ type }) => type)));
  commands.send({ type: 'leg.close', leg: 'LG_a' });
  await turn();
  expect(posted).toEqual([]);
  commands.send({ type: 'leg.open', room: 'RM_a', leg: 'LG_b', track: 'TR_b' });
  await turn();
  expect(posted).toEqual([['leg.close', 'leg.open']]);
  commands.send({ type: 'leg.close', leg: 'LG_b' });
  await vi.waitFor(() => expect(posted).toHaveLength(2));
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
