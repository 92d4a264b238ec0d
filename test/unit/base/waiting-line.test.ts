import { expect, test } from 'vitest';
import { WaitingLine } from '../../../src/base/waiting-line.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';

function line(over: (item: number) => void = () => {}) {
  const timers = new WakeQueue();
  const gone: [number, number][] = [];
  let now = 0;
  const waiting = new WaitingLine<number>({ now: () => now }, timers, 1000, (item) => {
    gone.push([item, now]);
    over(item);
  });
  const at = (time: number) => {
    now = time;
    timers.run(now);
  };
  return { timers, gone, waiting, at };
}

test('each hears that it has waited, in the order in which they came, with one alarm for all', () => {
  const { timers, gone, waiting, at } = line();
  waiting.add(1);
  at(10);
  waiting.add(2);
  at(500);
  waiting.add(3);
  expect(timers.size).toBe(1);
  at(999);
  expect(gone).toEqual([]);
  at(1000);
  expect(gone).toEqual([[1, 1000]]);
  // Not for each of a long line at its own time.
  at(1049);
  expect(gone).toHaveLength(1);
  at(1050);
  at(1500);
  expect(gone).toEqual([
    [1, 1000],
    [2, 1050],
    [3, 1500],
  ]);
  expect(timers.size).toBe(0);
});

test('thousands move up, and whoever is told may join again', () => {
  let again = 5;
  const { timers, gone, waiting, at } = line((item) => {
    if (item === 0 && again-- > 0) waiting.add(0);
  });
  for (let i = 0; i < 5000; i++) {
    at(i / 10);
    waiting.add(i);
  }
  at(2000);
  expect(gone.map(([item]) => item)).toEqual([...Array(5000).keys()]);
  for (let time = 3000; time < 12_000; time += 500) at(time);
  expect(gone).toHaveLength(5005);
  expect(timers.size).toBe(0);
});

test('one that throws is off the line, and the others are told all the same', () => {
  const { gone, waiting, at } = line((item) => {
    if (item === 1) throw new Error('a bug');
  });
  for (const item of [1, 2]) waiting.add(item);
  expect(() => at(1000)).toThrow('a bug');
  at(1050);
  expect(gone.map(([item]) => item)).toEqual([1, 2]);
});

test('a line that is cleared is silent, and can be joined again', () => {
  const { timers, gone, waiting, at } = line();
  waiting.add(1);
  waiting.clear();
  expect(timers.size).toBe(0);
  at(500);
  waiting.add(2);
  at(1000);
  expect(gone).toEqual([]);
  at(1500);
  expect(gone).toEqual([[2, 1500]]);
});
