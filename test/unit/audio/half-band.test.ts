import { describe, expect, it } from 'vitest';
import { HalfBandDown, HalfBandUp } from '../../../src/audio/half-band.ts';
import { tone, toneLevel } from '../../support/tones.ts';

function up(samples: Int16Array): Int16Array {
  const filter = new HalfBandUp();
  const out = new Int32Array(2 * samples.length);
  for (let at = 0; at < samples.length; at += 160)
    filter.addTo(out.subarray(2 * at, 2 * at + 320), samples.subarray(at, at + 160));
  return Int16Array.from(out);
}

function down(samples: Int16Array): Int16Array {
  const filter = new HalfBandDown();
  const out = new Int32Array(samples.length / 2);
  for (let at = 0; at < samples.length; at += 320)
    filter.addTo(out.subarray(at / 2, at / 2 + 160), samples.subarray(at, at + 320));
  return Int16Array.from(out);
}

describe('half band', () => {
  it.each([100, 300, 1000, 2000, 3000, 3400])('%i Hz goes up and down within 0.1 dB', (hz) => {
    const sent = toneLevel(tone(hz, 8000, 800), 8000, hz);
    expect(Math.abs(toneLevel(up(tone(hz, 8000, 800)).subarray(1600), 16_000, hz) - sent)).toBeLessThan(0.1);
    expect(
      Math.abs(toneLevel(down(tone(hz, 8000, 800, 16_000)).subarray(800), 8000, hz) - sent),
    ).toBeLessThan(0.1);
  });

  it.each([300, 1000, 3400])('the image of %i Hz is 60 dB down', (hz) => {
    const out = up(tone(hz, 16_000, 800)).subarray(1600);
    expect(toneLevel(out, 16_000, 8000 - hz)).toBeLessThan(toneLevel(out, 16_000, hz) - 60);
  });

  it.each([4700, 5000, 7000])('%i Hz does not come back as another tone', (hz) => {
    const out = down(tone(hz, 16_000, 800, 16_000)).subarray(800);
    expect(toneLevel(out, 8000, 8000 - hz)).toBeLessThan(-62);
  });

  it('stops when silence has run through it, and adds to what is there', () => {
    const filter = new HalfBandDown();
    const sum = new Int32Array(160).fill(7);
    filter.addTo(sum, new Int32Array(320).fill(1000));
    expect(sum[150]).toBe(1007);
    sum.fill(7);
    filter.addTo(sum, undefined);
    expect(sum[0]).toBeGreaterThan(900);
    expect(sum[159]).toBe(7);
    for (let i = 0; i < 3; i++) {
      sum.fill(7);
      filter.addTo(sum, undefined);
      expect(new Set(sum)).toEqual(new Set([7]));
    }
  });
});
