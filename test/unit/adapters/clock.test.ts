import { describe, expect, it } from 'vitest';
import { driveAlarms, monotonicClock } from '../../../src/adapters/clock/clock.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';

describe('the alarms of a thread', () => {
  it('ring although one of them throws, and stop when told', async () => {
    const queue = new WakeQueue();
    const faults: unknown[] = [];
    const stop = driveAlarms(queue, monotonicClock, (error) => faults.push(error));
    const now = monotonicClock.now();
    const rung: string[] = [];
    await new Promise<void>((resolve) => {
      queue.schedule(now + 1, () => {
        throw new Error('bug');
      });
      queue.schedule(now + 1, () => rung.push('next'));
      queue.schedule(now + 2, () => resolve());
    });
    expect(rung).toEqual(['next']);
    expect(faults).toHaveLength(1);
    queue.schedule(monotonicClock.now() + 1, () => rung.push('after the stop'));
    stop();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(rung).toEqual(['next']);
  });

  it('shorten their sleep when an earlier one is asked for', async () => {
    const queue = new WakeQueue();
    const stop = driveAlarms(queue, monotonicClock, () => {});
    queue.schedule(monotonicClock.now() + 3_600_000, () => {});
    await new Promise<void>((resolve) => queue.schedule(monotonicClock.now() + 1, () => resolve()));
    expect(queue.size).toBe(1);
    stop();
  });
});
