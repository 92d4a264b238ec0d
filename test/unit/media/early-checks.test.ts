import { expect, test } from 'vitest';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import { EarlyChecks } from '../../../src/media/early-checks.ts';

function world(): {
  early: EarlyChecks<never>;
  dropped: () => number;
  pass: (ms: number) => void;
  alarms: WakeQueue;
} {
  let [now, count] = [0, 0];
  const alarms = new WakeQueue();
  const early = new EarlyChecks<never>({
    timers: alarms,
    clock: { now: () => now },
    onDropped: (more) => {
      count += more;
    },
  });
  const pass = (ms: number) => {
    now += ms;
    alarms.run(now);
  };
  return { early, dropped: () => count, pass, alarms };
}

const check = (ufrag: string, byte = 1) => ({
  ...{ ufrag, bytes: Uint8Array.of(byte), address: '192.0.2.9', port: 4000 },
  stream: undefined,
});

test('what waited for a ufrag is given once, in order, as it was when it came', () => {
  const { early, dropped, pass } = world();
  const lent = check('ours', 1);
  early.hold(lent);
  lent.bytes[0] = 99;
  early.hold(check('theirs'));
  early.hold(check('ours', 2));
  pass(400);
  expect(early.take('ours').map(({ bytes }) => bytes[0])).toEqual([1, 2]);
  expect(early.take('ours')).toEqual([]);
  pass(100);
  expect(dropped()).toBe(1);
  expect(early.take('theirs')).toEqual([]);
});

test('each waits half a second of its own, and leaves no alarm', () => {
  const { early, dropped, pass, alarms } = world();
  early.hold(check('a'));
  pass(300);
  early.hold(check('b'));
  pass(200);
  expect(dropped()).toBe(1);
  pass(299);
  expect(dropped()).toBe(1);
  pass(1);
  expect([dropped(), alarms.size]).toEqual([2, 0]);
});

test('a flood of names that nobody has keeps no more than a few, and all are counted', () => {
  const { early, dropped, pass } = world();
  for (let i = 0; i < 1000; i++) early.hold(check(`nobody${i}`));
  expect(dropped()).toBe(1000 - 32);
  pass(500);
  expect(dropped()).toBe(1000);
  early.hold(check('again'));
  early.close();
  expect(dropped()).toBe(1001);
});
