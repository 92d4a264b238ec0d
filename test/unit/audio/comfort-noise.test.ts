import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ComfortNoise } from '../../../src/audio/comfort-noise.ts';
import { exactLevel } from '../../../src/audio/level.ts';

function make(description: number[], milliseconds = 2000): Int16Array {
  const noise = new ComfortNoise();
  expect(noise.describe(Uint8Array.from(description), 0, description.length)).toBe(true);
  const samples = new Int16Array(8 * milliseconds);
  for (let at = 0; at < samples.length; at += 160) noise.fill(samples.subarray(at, at + 160));
  return samples;
}

describe('comfort noise', () => {
  it.each([40, 55, 65])('has the level that was said: -%i dBov', (level) => {
    expect(Math.abs(exactLevel(make([level])) + level)).toBeLessThan(0.5);
  });

  it('keeps that level with a spectrum of its own', () => {
    // k1 of about -0.5 and k2 of about 0.3: low-pass noise.
    const samples = make([45, 63, 165]);
    expect(Math.abs(exactLevel(samples) + 45)).toBeLessThan(1);
    let [same, next] = [0, 0];
    for (let i = 1; i < samples.length; i++) {
      same += samples[i]! ** 2;
      next += samples[i]! * samples[i - 1]!;
    }
    expect(Math.abs(next / same)).toBeGreaterThan(0.3);
  });

  it('127 is silence, and nothing is louder than -30 dBov', () => {
    expect(make([127]).every((sample) => sample === 0)).toBe(true);
    expect(exactLevel(make([0]))).toBeLessThan(-29);
  });

  it('glides to a new level', () => {
    const noise = new ComfortNoise();
    noise.describe(Uint8Array.of(40), 0, 1);
    const frame = new Int16Array(160);
    noise.fill(frame);
    noise.describe(Uint8Array.of(60), 0, 1);
    const levels = Array.from({ length: 30 }, () => {
      noise.fill(frame);
      return exactLevel(frame);
    });
    expect(levels[0]).toBeGreaterThan(-47);
    expect(levels.at(-1)).toBeLessThan(-58);
  });

  it('takes any bytes and stays finite', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
        const noise = new ComfortNoise();
        if (!noise.describe(bytes, 0, bytes.length)) return bytes.length === 0;
        const frame = new Int16Array(160);
        for (let i = 0; i < 20; i++) noise.fill(frame);
        return exactLevel(frame) < -20;
      }),
    );
  });
});
