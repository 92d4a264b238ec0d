import { setTimeout as sleep } from 'node:timers/promises';
import { inspect, isDeepStrictEqual } from 'node:util';

/**
 * Asks `probe` again and again until it gives something other than undefined or false, at most for `withinMs`.
 * Real peers have no virtual clock: waiting for what they do is all a test can do. `what` is for the failure.
 */
export async function eventually<T>(
  what: string,
  withinMs: number,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    let thrown: unknown;
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      thrown = error;
    }
    if (performance.now() > end) {
      throw new Error(`not within ${withinMs} ms: ${what}`, thrown === undefined ? {} : { cause: thrown });
    }
    await sleep(100);
  }
}

/** Asks `probe` until it gives what equals `expected`, at most for `withinMs`; the failure says what it gave last. */
export async function eventuallyEqual<T>(
  what: string,
  withinMs: number,
  expected: T,
  probe: () => T | Promise<T>,
): Promise<void> {
  let last: { readonly value: T } | undefined;
  await eventually(what, withinMs, async () => {
    last = undefined;
    last = { value: await probe() };
    return isDeepStrictEqual(last.value, expected);
  }).catch((error: unknown) => {
    if (last === undefined) throw error;
    const seen = `${inspect(last.value)} is not ${inspect(expected)}`;
    throw new Error(`not within ${withinMs} ms: ${what}: ${seen}`);
  });
}
