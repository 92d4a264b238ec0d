import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WakeQueue } from '../../../src/base/wake-queue.ts';

describe('WakeQueue', () => {
  it('rings in order of time, and of asking among equals', () => {
    const queue = new WakeQueue();
    const rung: string[] = [];
    queue.schedule(5, () => rung.push('c'));
    queue.schedule(1, () => rung.push('a'));
    queue.schedule(5, () => rung.push('d'));
    queue.schedule(2, () => rung.push('b'));
    expect(queue.next()).toBe(1);
    queue.run(4);
    expect(rung).toEqual(['a', 'b']);
    queue.run(5);
    expect(rung).toEqual(['a', 'b', 'c', 'd']);
    expect(queue.next()).toBe(Number.POSITIVE_INFINITY);
  });

  it('rings what is asked for meanwhile in the same run', () => {
    const queue = new WakeQueue();
    const rung: number[] = [];
    queue.schedule(1, (now) => {
      queue.schedule(now, () => rung.push(2));
      rung.push(1);
    });
    queue.run(1);
    expect(rung).toEqual([1, 2]);
  });

  it('is a sorted list with cancellation, whatever is done to it', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('schedule' as const), at: fc.integer({ min: 0, max: 500 }) }),
      fc.record({ do: fc.constant('cancel' as const), at: fc.integer({ min: 0, max: 300 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const queue = new WakeQueue();
        const rung: number[] = [];
        const alarms: { id: number; at: number; alarm: ReturnType<WakeQueue['schedule']>; live: boolean }[] =
          [];
        for (const one of steps) {
          if (one.do === 'schedule') {
            const id = alarms.length;
            alarms.push({ id, at: one.at, live: true, alarm: queue.schedule(one.at, () => rung.push(id)) });
          } else if (alarms.length > 0) {
            const chosen = alarms[one.at % alarms.length]!;
            queue.cancel(chosen.alarm);
            queue.cancel(chosen.alarm);
            chosen.live = false;
          }
        }
        const expected = alarms.filter((a) => a.live).sort((a, b) => a.at - b.at || a.id - b.id);
        expect(queue.size).toBe(expected.length);
        queue.run(1000);
        expect(rung).toEqual(expected.map((a) => a.id));
        expect(queue.size).toBe(0);
      }),
    );
  });

  it('tells its driver when to sleep shorter', () => {
    const queue = new WakeQueue();
    let told = 0;
    queue.onEarlier = () => told++;
    queue.schedule(10, () => {});
    queue.schedule(20, () => {});
    queue.schedule(5, () => {});
    expect(told).toBe(2);
  });
});
