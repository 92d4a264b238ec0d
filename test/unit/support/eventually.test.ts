/** Waiting for real peers: what a failure says. */
import { expect, test } from 'vitest';
import { eventually, eventuallyEqual } from '../../support/eventually.ts';

test('gives what was found, whatever was thrown before', async () => {
  let asked = 0;
  const probe = () => {
    asked += 1;
    if (asked === 1) throw new Error('not there');
    return asked > 2 && asked;
  };
  expect(await eventually('a number', 20_000, probe)).toBe(3);
});

test('a failure has what was thrown last, and nothing that was thrown long before', async () => {
  const failing = eventually('a number', 0, () => {
    throw new Error('not there');
  });
  await expect(failing).rejects.toMatchObject({
    ...{ message: 'not within 0 ms: a number', cause: expect.objectContaining({ message: 'not there' }) },
  });
  let asked = 0;
  const quiet = eventually('a number', 50, () => {
    asked += 1;
    if (asked === 1) throw new Error('not there');
    return undefined;
  });
  await expect(quiet).rejects.toSatisfy((error: Error) => error.cause === undefined);
});

test('waits until values are equal, or says which one was there instead', async () => {
  const seen = ['', 'Relay · TCP', 'Relay · UDP'];
  await eventuallyEqual('the path', 20_000, 'Relay · UDP', () => seen.shift());
  await eventuallyEqual('a list', 20_000, [1, { a: 2 }], () => [1, { a: 2 }]);
  const failing = eventuallyEqual('the path', 0, 'Relay · UDP', () => 'Relay · TCP');
  await expect(failing).rejects.toThrow("not within 0 ms: the path: 'Relay · TCP' is not 'Relay · UDP'");
  const throwing = eventuallyEqual('the path', 0, 1, () => Promise.reject(new Error('no page')));
  await expect(throwing).rejects.toMatchObject({ cause: expect.objectContaining({ message: 'no page' }) });
});
