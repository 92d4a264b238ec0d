import { setTimeout as sleep } from 'node:timers/promises';

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
  let last: unknown;
  for (;;) {
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) {
      throw new Error(`not within ${withinMs} ms: ${what}`, last === undefined ? {} : { cause: last });
    }
    await sleep(100);
  }
}
