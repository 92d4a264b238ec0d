import { expect, test } from 'vitest';
import { closeAll } from '../../../src/app/closing.ts';

test('all is closed, the last one first, whatever fails, and once', async () => {
  const closed: string[] = [];
  const faults: unknown[] = [];
  const closing = [
    () => void closed.push('first'),
    () => Promise.reject(new Error('second')),
    () => {
      throw new Error('third');
    },
    async () => void closed.push('last'),
  ];
  await closeAll(closing, (error) => faults.push(error));
  await closeAll(closing, (error) => faults.push(error));
  expect(closed).toEqual(['last', 'first']);
  expect(faults.map(String)).toEqual(['Error: third', 'Error: second']);
});
