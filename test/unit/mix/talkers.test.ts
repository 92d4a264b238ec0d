import { describe, expect, test } from 'vitest';
import type { GainSettings } from '../../../src/audio/automatic-gain.ts';
import { choose, type MixSource, Talker } from '../../../src/media/talkers.ts';

/** Says a square wave of `peak`, with one sample of `spike` if that is higher; silent at 0. */
class Square implements MixSource {
  readonly frame = new Int16Array(160);
  peak = 0;
  spike = 0;

  pull(): boolean {
    for (let i = 0; i < 160; i++) this.frame[i] = i % 2 === 0 ? this.peak : -this.peak;
    this.frame[80] = Math.max(this.frame[80]!, this.spike);
    return this.peak > 0;
  }
}

function party(count: number, gain?: GainSettings) {
  const sources = Array.from({ length: count }, () => new Square());
  const talkers = sources.map((source) => new Talker(source, gain));
  let now = 0;
  /** One frame; answers who is heard in it. */
  const tick = (places: number): number[] => {
    now += 20;
    const talking = talkers.filter((talker) => talker.pull(now));
    choose(talking, places);
    for (const talker of talking) talker.scale();
    return talkers.flatMap((talker, at) => (talker.mixed ? [at] : []));
  };
  return { sources, talkers, tick };
}

const decibels = (db: number) => Math.round(1000 * 10 ** (db / 20));

describe('places in a mix', () => {
  test('whoever has one keeps it through the pauses between his words', () => {
    const { sources, tick } = party(2);
    sources[0]!.peak = decibels(0);
    tick(1);
    for (let frame = 0; frame < 500; frame++) {
      // Words of 240 ms, and 160 ms between them, in which the other one speaks on.
      sources[0]!.peak = frame % 20 < 12 ? decibels(0) : decibels(-25);
      sources[1]!.peak = decibels(-3);
      expect(tick(1)).toEqual([0]);
    }
  });

  test('it is not taken by who is hardly louder, and is by who is clearly', () => {
    const { sources, tick } = party(2);
    sources[0]!.peak = decibels(0);
    tick(1);
    sources[1]!.peak = decibels(3);
    for (let frame = 0; frame < 100; frame++) expect(tick(1)).toEqual([0]);
    sources[1]!.peak = decibels(8);
    for (let frame = 0; frame < 20; frame++) tick(1);
    expect(tick(1)).toEqual([1]);
  });

  test('who takes one over fades in while the other fades out; who begins to talk into a free one is heard at once', () => {
    const { sources, tick } = party(2);
    sources[0]!.peak = 1000;
    tick(1);
    expect(Math.abs(sources[0]!.frame[0]!)).toBe(1000);
    sources[1]!.peak = 1100;
    tick(1);
    sources[1]!.peak = 4000;
    let heard = tick(1);
    for (let frame = 0; frame < 20 && heard.length < 2; frame++) heard = tick(1);
    expect(heard).toEqual([0, 1]);
    const size = (source: number, at: number) => Math.abs(sources[source]!.frame[at]!);
    expect([size(0, 0) > 950, size(0, 159)]).toEqual([true, 0]);
    expect([size(1, 0) < 200, size(1, 159)]).toEqual([true, 4000]);
    expect(tick(1)).toEqual([1]);
  });

  test('all who talk are heard while there are places, and who falls silent gives his back', () => {
    const { sources, tick } = party(3);
    for (const [at, source] of sources.entries()) source.peak = 1000 * (at + 1);
    expect(tick(2)).toEqual([1, 2]);
    sources[2]!.peak = 0;
    expect(tick(2)).toEqual([0, 1]);
  });
});

test('what is turned up never bends a peak', () => {
  const { sources, talkers, tick } = party(1, { targetDb: -10, maxGainDb: 12 });
  for (let frame = 0; frame < 1000; frame++) {
    sources[0]!.peak = frame % 20 < 12 ? 1500 : 40;
    sources[0]!.spike = frame === 999 ? 20_000 : 0;
    tick(1);
    if (frame === 980) expect(sources[0]!.frame[0]).toBeGreaterThan(3000);
  }
  expect(talkers[0]!.mixed).toBe(true);
  expect(Math.max(...sources[0]!.frame)).toBeGreaterThan(20_000);
  expect(Math.max(...sources[0]!.frame)).toBeLessThanOrEqual(32_000);
});
