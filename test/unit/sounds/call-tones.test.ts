import { describe, expect, it } from 'vitest';
import { cadenceOf, type ToneName, toneSound } from '../../../src/audio/call-tones.ts';
import { levelOf } from '../../../src/audio/level.ts';
import { rmsLevel, toneLevel } from '../../support/tones.ts';

/** One round of a tone, pulled in frames as a mix does. */
function round(tone: ToneName, country: string | undefined, rate: number): Int16Array {
  const part = toneSound(tone, country, rate);
  const frames: number[] = [];
  const frame = new Int16Array(rate / 50);
  for (;;) {
    const count = part.fill(frame, 0);
    frames.push(...frame.subarray(0, count));
    if (count < frame.length) return Int16Array.from(frames);
  }
}

describe('call tones', () => {
  it.each([
    ['MY', [425], [400, 200, 400, 2000]],
    ['US', [440, 480], [2000, 4000]],
    ['GB', [400, 450], [400, 200, 400, 2000]],
    ['XX', [425], [1000, 4000]],
  ] as const)('rings in %s as E.180 has it', (country, hz, cadence) => {
    expect(cadenceOf('ringback', country).map(({ ms }) => ms)).toEqual(cadence);
    for (const rate of [8000, 16_000]) {
      const sound = round('ringback', country, rate);
      const [on, off] = [cadence[0], cadence[1]];
      const burst = sound.subarray(0, (on * rate) / 1000);
      for (const each of hz) expect(toneLevel(burst, rate, each)).toBeGreaterThan(-22);
      // -13 dBm0 in all: 0 dBm0 is 6.15 dB under full scale's square wave.
      expect(rmsLevel(burst)).toBeCloseTo(-13 - 6.15, -0.5);
      expect(rmsLevel(sound.subarray((on * rate) / 1000, ((on + off) * rate) / 1000))).toBe(-120);
      expect(sound.length).toBe((cadence.reduce((sum, ms) => sum + ms, 0) * rate) / 1000);
    }
  });
  it.each([
    ['MY', [425], [500, 500]],
    ['GB', [400], [400, 350, 225, 525]],
    ['NZ', [400], [250, 250]],
    ['US', [480, 620], [250, 250]],
    [undefined, [425], [250, 250]],
  ] as const)('tells congestion in %s from a callee who is busy', (country, hz, cadence) => {
    const rounds = cadenceOf('congestion', country);
    expect(rounds.map(({ ms }) => ms)).toEqual(cadence);
    expect(rounds[0]?.hz).toEqual(hz);
  });
  it('tells joining from leaving by their order', () => {
    const halves = (tone: ToneName) => {
      const sound = round(tone, undefined, 8000);
      return [sound.subarray(0, 800), sound.subarray(800)].map(
        (half) => toneLevel(half, 8000, 660) > toneLevel(half, 8000, 880),
      );
    };
    expect(halves('join')).toEqual([true, false]);
    expect(halves('leave')).toEqual([false, true]);
  });
  it('makes noise that comforts: there, and quiet', () => {
    const level = levelOf(round('comfort-noise', undefined, 8000));
    expect(level).toBeGreaterThanOrEqual(58);
    expect(level).toBeLessThanOrEqual(66);
  });
});
