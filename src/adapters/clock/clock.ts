import type { Clock, WallClock } from '../../base/clock.ts';
import type { WakeQueue } from '../../base/wake-queue.ts';

/** The process's monotonic clock, ms with fractions. */
export const monotonicClock: Clock = { now: () => performance.now() };

export const wallClock: WallClock = { unixMs: () => Date.now() };

/**
 * Runs a thread's alarms on the event loop, with one timer for all of them: it sleeps to the earliest, and never less
 * than the loop's own resolution of 1 ms. A bug in what an alarm wakes goes to `onFault`, and the other alarms ring all
 * the same. Returns a function that stops it.
 */
export function driveAlarms(queue: WakeQueue, clock: Clock, onFault: (error: unknown) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let armedFor = Number.POSITIVE_INFINITY;
  let running = false;
  let stopped = false;

  function arm(): void {
    if (running || stopped) return;
    const next = queue.next();
    if (next >= armedFor) return;
    if (timer !== undefined) clearTimeout(timer);
    armedFor = next;
    if (next === Number.POSITIVE_INFINITY) return;
    // Above 2^31 ms setTimeout would ring at once.
    timer = setTimeout(ring, Math.min(Math.max(0, next - clock.now()), 0x7fffffff));
  }

  function ring(): void {
    timer = undefined;
    running = true;
    const now = clock.now();
    while (!ranThrough(now));
    running = false;
    armedFor = Number.POSITIVE_INFINITY;
    arm();
  }

  /** False when an alarm threw: it is off the queue, the rest is still to ring. */
  function ranThrough(now: number): boolean {
    try {
      queue.run(now);
      return true;
    } catch (error) {
      onFault(error);
      return false;
    }
  }

  queue.onEarlier = arm;
  arm();
  return () => {
    stopped = true;
    if (timer !== undefined) clearTimeout(timer);
  };
}

/** For {@link driveAlarms} where a bug shall end the process: in tools and tests. */
export function rethrow(error: unknown): never {
  throw error;
}
