import { describe, expect, it } from 'vitest';
import { score } from '../../support/ears/score.ts';
import { stoi } from '../../support/ears/stoi.ts';
import { speech } from '../../support/ears/voice-path.ts';
import { SeededRandom } from '../../support/lossy-net.ts';

const RATE = 8000;
const said = speech(RATE, 6);

/** `said` in white noise at a signal-to-noise ratio of `db` over the whole. */
function inNoise(db: number): Int16Array {
  const random = new SeededRandom(9);
  const power = said.reduce((sum, sample) => sum + sample * sample, 0) / said.length;
  const amplitude = Math.sqrt((3 * power) / 10 ** (db / 10));
  return said.map((sample) => sample + amplitude * (2 * random.fraction() - 1));
}

describe('STOI', () => {
  it('is 1 for the same, at whatever level', () => {
    expect(stoi(said, said, RATE)).toBeCloseTo(1, 6);
    expect(
      stoi(
        said,
        said.map((sample) => sample / 8),
        RATE,
      ),
    ).toBeGreaterThan(0.998);
  });
  it('falls with the noise, as in the paper: from nearly all to little', () => {
    const scores = [20, 10, 0, -10].map((db) => stoi(said, inNoise(db), RATE));
    expect([...scores].sort((a, b) => b - a)).toEqual(scores);
    expect(scores[0]).toBeGreaterThan(0.9);
    expect(scores[2]).toBeLessThan(0.8);
    expect(scores[3]).toBeLessThan(0.6);
  });
  it('hears nothing in noise alone: what is left is the clipping of the measure', () => {
    const random = new SeededRandom(4);
    const noise = said.map(() => 8000 * (2 * random.fraction() - 1));
    expect(stoi(said, noise, RATE)).toBeLessThan(0.45);
  });
});

describe('score', () => {
  it('reads delay, level and gaps, and follows a delay that changes', () => {
    const heard = new Int16Array(said.length + RATE);
    const half = said.length / 2;
    heard.set(
      said.subarray(0, half).map((sample) => sample / 2),
      0.05 * RATE,
    );
    heard.set(
      said.subarray(half).map((sample) => sample / 2),
      half + 0.09 * RATE,
    );
    const { delays, levelDb, gapMs, segmentalSnrDb, stoi: intelligible } = score(said, heard, RATE);
    expect(delays[10]).toBe(50);
    expect(delays[45]).toBe(90);
    expect(levelDb).toBeCloseTo(-6, 0);
    expect(gapMs).toBeLessThanOrEqual(50);
    expect(segmentalSnrDb).toBeGreaterThan(30);
    expect(intelligible).toBeGreaterThan(0.98);
  });
  it('finds what was cut out', () => {
    const heard = said.slice();
    heard.fill(0, 1.2 * RATE, 1.28 * RATE);
    expect(score(said, heard, RATE).gapMs).toBeGreaterThanOrEqual(60);
    expect(score(said, said, RATE).gapMs).toBe(0);
  });
});
