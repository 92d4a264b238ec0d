import { describe, expect, it } from 'vitest';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import { Ticker } from '../../../src/media/ticker.ts';

function world() {
  let now = 1000;
  const timers = new WakeQueue();
  const ticks: number[] = [];
  const ticker = new Ticker({ timers, clock: { now: () => now }, tick: (at) => ticks.push(at) });
  return {
    ticker,
    ticks,
    timers,
    at(ms: number) {
      now = ms;
      timers.run(now);
    },
  };
}

describe('the media tick', () => {
  it('keeps to its grid although every wake-up is late', () => {
    const { ticker, ticks, at } = world();
    ticker.start();
    for (let i = 1; i <= 100; i++) at(1000 + 20 * i + 3);
    expect(ticks).toEqual(Array.from({ length: 100 }, (_, i) => 1020 + 20 * i));
    expect(ticker.late).toBe(0);
  });

  it('catches up with a few frames and gives up the rest', () => {
    const { ticker, ticks, at } = world();
    ticker.start();
    at(1061);
    expect(ticks).toEqual([1020, 1040, 1060]);
    expect(ticker.late).toBe(1);
    at(11_060);
    expect(ticks.slice(3)).toEqual([10_980, 11_000, 11_020, 11_040, 11_060]);
  });

  it('leaves no alarm when it is stopped, even from within a tick', () => {
    const { ticker, timers, at } = world();
    ticker.start();
    ticker.start();
    expect(timers.size).toBe(1);
    ticker.stop();
    expect(timers.size).toBe(0);
    at(2000);
  });
});
