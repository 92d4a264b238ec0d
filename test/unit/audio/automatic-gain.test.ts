import { describe, expect, it } from 'vitest';
import { AutomaticGain } from '../../../src/audio/automatic-gain.ts';

const SETTINGS = { targetDb: -20, maxGainDb: 12 };

/** Levels of 20 ms frames like speech: syllables of 160 ms over 15 dB, a pause every second. */
const speech =
  (loudDb: number, floorDb = -59) =>
  (i: number) =>
    i % 50 > 42 ? floorDb : Math.max(floorDb, loudDb - 15 * Math.abs(Math.sin((Math.PI * i) / 8)));

function listen(level: (i: number) => number, seconds: number, gain = new AutomaticGain(SETTINGS)) {
  const path: number[] = [];
  for (let i = 0; i < seconds * 50; i++) {
    gain.next(level(i));
    path.push(gain.gainDb);
  }
  return { gain, path, last: gain.gainDb };
}

/** Level of the upper parts, as the gain takes it. */
const ACTIVE_BELOW_PEAK = 5;

describe('automatic gain', () => {
  it.each([-27, -25, -12, -8])('callers at %i dBov come to -20 within 10 s, and stay', (loud) => {
    const { path, last } = listen(speech(loud), 20);
    const heard = loud - ACTIVE_BELOW_PEAK + last;
    expect(Math.abs(heard + 20)).toBeLessThan(3.5);
    const late = path.slice(500);
    expect(Math.max(...late) - Math.min(...late)).toBeLessThan(1.5);
  });

  it('leaves those alone who are near enough', () => {
    expect(listen(speech(-15), 20).last).toBe(0);
  });

  it('never goes beyond its bounds', () => {
    expect(listen(speech(-50), 60).last).toBeLessThanOrEqual(12.1);
    expect(listen(speech(0), 60).last).toBeGreaterThanOrEqual(-12.2);
  });

  it.each([-9, -30, -40, -55])('a tone, or noise, of %i dBov changes nothing', (level) => {
    const noise = (i: number) => level + 1.5 * Math.sin(i * 2.1);
    expect(listen(noise, 30).last).toBe(0);
  });

  it('a ringing tone changes nothing either', () => {
    expect(listen((i) => (i % 250 < 50 ? -12 : -90), 30).last).toBe(0);
  });

  it('does not raise the noise of a loud line', () => {
    const { last } = listen(speech(-33, -47), 30);
    expect(-47 + last).toBeLessThanOrEqual(-44.8);
  });

  it('is slow: at most 6 dB in a second, and nothing in a pause', () => {
    const { gain, path } = listen(speech(-33), 10);
    for (let i = 50; i < path.length; i++) expect(Math.abs(path[i]! - path[i - 50]!)).toBeLessThan(6.1);
    const before = gain.gainDb;
    expect(listen(() => -75, 10, gain).last).toBe(before);
  });
});
