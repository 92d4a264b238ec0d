import { describe, expect, test } from 'vitest';
import { Drain, peopleByBrowser } from '../../../src/app/drain.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import type { GatewayEvent } from '../../../src/events/index.ts';
import { joined, world } from '../room/world.ts';

function rig(graceMs: number, calls = 0, participants = 0) {
  const timers = new WakeQueue();
  const said: string[] = [];
  const left = { calls, participants };
  let now = 1000;
  const drain = new Drain({
    ...{ graceMs, timers, clock: { now: () => now }, left: () => ({ ...left }) },
    emit: (event: GatewayEvent) => {
      if (event.type !== 'gateway.draining') return;
      said.push(`${now - 1000} ${event.state} ${event.calls} ${event.participants} ${event.leftMs}`);
    },
    close: () => said.push(`${now - 1000} closed`),
  });
  return {
    ...{ drain, left, said, timers },
    begin: () => drain.begin(() => said.push(`${now - 1000} end`)),
    pass(ms: number) {
      const end = now + ms;
      for (let at = timers.next(); at <= end; at = timers.next()) {
        now = at;
        timers.run(now);
      }
      now = end;
    },
  };
}

describe('a gateway that drains', () => {
  test('shuts its doors, tells how many are left, and ends when the last has gone', () => {
    const { begin, drain, left, pass, said, timers } = rig(60_000, 2, 1);
    expect(drain.why).toBe('');
    begin();
    begin();
    expect(drain.why).toBe('draining');
    pass(15_000);
    left.calls = 0;
    pass(6000);
    left.participants = 0;
    pass(300);
    expect(said).toEqual([
      ...['0 closed', '0 begun 2 1 60000', '10000 waiting 2 1 50000', '20000 waiting 0 1 40000'],
      ...['21200 over 0 0 38800', '21200 end'],
    ]);
    expect(timers.size).toBe(0);
    expect(drain.why).not.toBe('');
  });

  test('ends when the time is over, whoever is there', () => {
    const { begin, pass, said, timers } = rig(250, 1);
    begin();
    pass(10_000);
    expect(said).toEqual(['0 closed', '0 begun 1 0 250', '250 over 1 0 0', '250 end']);
    expect(timers.size).toBe(0);
  });

  test('ends at once where nobody is there, and without a word where it has no time', () => {
    const empty = rig(60_000);
    empty.begin();
    expect(empty.said).toEqual(['0 closed', '0 begun 0 0 60000', '0 over 0 0 60000', '0 end']);
    const hasty = rig(0, 5);
    hasty.begin();
    expect(hasty.said).toEqual(['0 end']);
  });

  test('is cut short, and calls nobody then', () => {
    const { begin, drain, pass, said, timers } = rig(60_000, 1);
    begin();
    pass(1000);
    drain.cut();
    expect(timers.size).toBe(0);
    pass(100_000);
    expect(said).toEqual(['0 closed', '0 begun 1 0 60000']);
  });
});

test('who waits for nobody is not waited for: agents, recorders; phones are counted as calls', () => {
  const { rooms } = world();
  joined(rooms, 'ann');
  joined(rooms, 'phone', { kind: 'sip' });
  joined(rooms, 'helper', { kind: 'agent' });
  joined(rooms, 'tape', { kind: 'egress', room: 'elsewhere' });
  expect(peopleByBrowser(rooms.rooms)).toBe(1);
});
