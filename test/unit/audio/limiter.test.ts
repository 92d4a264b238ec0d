import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Limiter } from '../../../src/audio/limiter.ts';

/** Runs `seconds` of a sum through a limiter, frame by frame. */
function limit(sum: (i: number) => number, seconds: number, limiter = new Limiter()): Int16Array {
  const out = new Int16Array(8000 * seconds);
  const frame = new Int32Array(160);
  for (let at = 0; at < out.length; at += 160) {
    for (let i = 0; i < 160; i++) frame[i] = Math.round(sum(at + i));
    limiter.process(frame, undefined, out.subarray(at, at + 160));
  }
  return out;
}

const sine = (frequency: number, amplitude: number) => (i: number) =>
  amplitude * Math.sin((2 * Math.PI * frequency * i) / 8000);

/** Power of everything but the tone, against the tone's, dB. */
function distortion(samples: Int16Array, frequency: number): number {
  let [real, imaginary, power] = [0, 0, 0];
  samples.forEach((sample, i) => {
    real += sample * Math.cos((2 * Math.PI * frequency * i) / 8000);
    imaginary += sample * Math.sin((2 * Math.PI * frequency * i) / 8000);
    power += sample * sample;
  });
  const tone = (2 * (real ** 2 + imaginary ** 2)) / samples.length;
  return 10 * Math.log10((power - tone) / tone);
}

describe('limiter', () => {
  it('gives everybody the others exactly while nothing is loud', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -3000, max: 3000 }), { minLength: 160, maxLength: 160 }),
        (own) => {
          const sum = Int32Array.from(own, (sample, i) => sample + 100 * (i % 50));
          const out = new Int16Array(160);
          new Limiter().process(sum, Int16Array.from(own), out);
          return out.every((sample, i) => sample === 100 * (i % 50));
        },
      ),
    );
  });

  it.each([150, 440, 1000, 3000])(
    'an overload of 12 dB at %i Hz is turned down, not bent: under 1 %% THD+N',
    (hz) => {
      const out = limit(sine(hz, 4 * 32_767), 2);
      expect(distortion(out.subarray(8000), hz)).toBeLessThan(-40);
      let peak = 0;
      for (const sample of out.subarray(8000)) peak = Math.max(peak, Math.abs(sample));
      expect(peak).toBeGreaterThan(20_000);
      expect(peak).toBeLessThan(24_000);
    },
  );

  it('never clips, whatever comes, and comes back to exactly 1', () => {
    const limiter = new Limiter();
    const out = limit((i) => (i % 1300 < 650 ? 1 : -1) * (i % 7) * 60_000, 1, limiter);
    for (const sample of out) expect(Math.abs(sample)).toBeLessThan(32_767);
    expect(limiter.gain).toBeLessThan(0.2);
    const after = limit(sine(440, 5000), 2, limiter);
    expect(limiter.gain).toBe(1);
    expect(after.at(-7)).toBe(Math.round(sine(440, 5000)(16_000 - 7)));
  });

  it('turns down within 2.5 ms and without a step: a sudden shout does not crackle', () => {
    const shout = (i: number) => sine(300, i < 4000 ? 4000 : 60_000)(i);
    const out = limit(shout, 1);
    // The steepest that 300 Hz can be at full scale, and twice that while the gain moves.
    const steepest = (2 * Math.PI * 300 * 32_767) / 8000;
    for (let i = 1; i < out.length; i++) expect(Math.abs(out[i]! - out[i - 1]!)).toBeLessThan(2 * steepest);
  });
});
