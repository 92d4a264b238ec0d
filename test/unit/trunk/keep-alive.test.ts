import { expect, test } from 'vitest';
import type { NextHop } from '../../../src/sip/ports.ts';
import { KeepAlive } from '../../../src/trunk/keep-alive.ts';
import type { OutboundTrunk } from '../../../src/trunk/outbound.ts';
import { SeededRandom } from '../../support/lossy-net.ts';
import { VirtualTime } from '../../support/virtual-time.ts';
import { outboundTrunk, target } from './trunks.ts';

function world(change: Partial<OutboundTrunk>, home?: string) {
  const time = new VirtualTime();
  const { clock, timers } = time;
  const sent: { at: number; to: string }[] = [];
  const hop = (address: string): NextHop => ({ transport: 'udp', remote: { address, port: 5060 } });
  const trunk = outboundTrunk({ targets: [target('10.0.0.1'), target('10.0.0.2')], ...change });
  const keepAlive = new KeepAlive({
    ...{ trunks: [trunk], clock, timers, random: new SeededRandom(2) },
    locate: ({ host }, found) => found(host === 'nowhere' ? [] : [hop(host)]),
    homeOf: () => (home === undefined ? undefined : hop(home)),
    ping: ({ remote }) => sent.push({ at: time.now, to: remote.address }),
  });
  return {
    ...{ keepAlive, sent, timers },
    pass: (ms: number) => time.pass(ms),
  };
}

test('each target is pinged within every interval, for as long as it runs', () => {
  const { keepAlive, sent, pass, timers } = world({ keepAliveMs: 25_000 });
  keepAlive.start();
  pass(250_000);
  const times = sent.filter(({ to }) => to === '10.0.0.1').map(({ at }) => at);
  expect(times.length).toBeGreaterThanOrEqual(10);
  expect(times.length).toBeLessThanOrEqual(12);
  for (const [i, at] of times.entries()) expect(at - (times[i - 1] ?? 0)).toBeLessThanOrEqual(25_000);
  expect(sent.filter(({ to }) => to === '10.0.0.2')).toHaveLength(times.length);
  keepAlive.stop();
  pass(100_000);
  expect(sent).toHaveLength(2 * times.length);
  expect(timers.next()).toBe(Number.POSITIVE_INFINITY);
});

test('the place of the binding, too, and no place twice', () => {
  for (const [home, places] of [
    ['10.0.0.9', ['10.0.0.9', '10.0.0.1', '10.0.0.2']],
    ['10.0.0.2', ['10.0.0.2', '10.0.0.1']],
  ] as const) {
    const { keepAlive, sent, pass } = world({ keepAliveMs: 1000 }, home);
    keepAlive.start();
    pass(1000);
    expect(sent.map(({ to }) => to)).toEqual(places);
  }
});

test.each([
  {},
  { keepAliveMs: 0 },
  { keepAliveMs: 1000, enabled: false },
  { keepAliveMs: 1000, targets: [target('nowhere')] },
])('%j: nothing is sent', (change) => {
  const { keepAlive, sent, pass } = world(change);
  keepAlive.start();
  pass(100_000);
  expect(sent).toEqual([]);
});
