import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Concealer } from '../../../src/audio/concealment.ts';
import { levelOf } from '../../../src/audio/level.ts';
import { Resampler } from '../../../src/audio/resample.ts';
import { lengthen, shorten } from '../../../src/audio/time-scale.ts';
import { SineSource } from '../../../src/audio/tones.ts';
import { parseWav, writeWav } from '../../../src/audio/wav.ts';
import { longestGap, rmsLevel, tone, toneLevel, toneLevels } from '../../support/tones.ts';

describe('test ear', () => {
  it('reads a sine of amplitude 8192 as -12 dB and others as absent', () => {
    const [at, off] = toneLevels(tone(1000, 8192, 500), 8000, [1000, 1200]);
    expect(at).toBeCloseTo(-12.04, 1);
    expect(off).toBeLessThan(-80);
  });
  it('finds the longest gap', () => {
    const sound = tone(1000, 8192, 1000);
    sound.fill(0, 4000, 4400);
    const gap = longestGap(sound, 8000);
    expect(gap.lengthMs).toBeGreaterThanOrEqual(45);
    expect(gap.lengthMs).toBeLessThanOrEqual(50);
    expect(gap.startMs).toBeCloseTo(500, -1);
  });
});

describe('level', () => {
  it('is 3 for a sine of full scale, 127 for silence', () => {
    expect(levelOf(tone(1000, 32767, 20))).toBe(3);
    expect(levelOf(tone(1000, 3277, 20))).toBe(23);
    expect(levelOf(new Int16Array(160))).toBe(127);
  });
});

describe('resampler', () => {
  it.each([
    [8000, 48000],
    [8000, 16000],
    [16000, 8000],
    [48000, 8000],
    [48000, 16000],
    [16000, 48000],
  ])('%i to %i Hz keeps a tone and its level', (from, to) => {
    const resampler = new Resampler(from, to);
    const input = tone(1000, 16384, 400, from);
    const output = new Int16Array(resampler.outputLength(input.length));
    const frame = from / 50;
    let written = 0;
    for (let at = 0; at < input.length; at += frame) {
      written += resampler.process(input.subarray(at, at + frame), output.subarray(written));
    }
    expect(written).toBe(output.length);
    const settled = output.subarray(to / 20);
    expect(toneLevel(settled, to, 1000)).toBeCloseTo(-6.02, 1);
    if (to > from) expect(toneLevel(settled, to, from - 1000)).toBeLessThan(-60);
  });
  it('lets no alias through', () => {
    const resampler = new Resampler(48000, 8000);
    const input = tone(7000, 16384, 400, 48000);
    const output = new Int16Array(resampler.outputLength(input.length));
    resampler.process(input, output);
    expect(toneLevel(output.subarray(400), 8000, 1000)).toBeLessThan(-60);
  });
});

describe('concealment', () => {
  it('bridges 20 ms of a tone without a gap and without a click', () => {
    const clean = tone(450, 8192, 400);
    const heard = clean.slice();
    const concealer = new Concealer();
    let largest = 0;
    for (let at = 0; at < clean.length; at += 160) {
      if (at === 1600) concealer.conceal(heard, at, 160);
      else concealer.good(heard, at, 160);
    }
    for (let i = 1; i < heard.length; i++) largest = Math.max(largest, Math.abs(heard[i]! - heard[i - 1]!));
    expect(longestGap(heard, 8000, -30).lengthMs).toBe(0);
    expect(rmsLevel(heard.subarray(1600, 1760))).toBeGreaterThan(-16);
    // The steepest step of the tone itself is 2880.
    expect(largest).toBeLessThan(5000);
  });
  it('fades to nothing in 60 ms and stays there', () => {
    const sound = tone(450, 8192, 200);
    const concealer = new Concealer();
    concealer.good(sound, 0, sound.length);
    const made = new Int16Array(1600);
    concealer.conceal(made, 0, made.length);
    expect(rmsLevel(made.subarray(0, 80))).toBeGreaterThan(-16);
    expect(Math.max(...made.subarray(480).map(Math.abs))).toBe(0);
  });
  it('is silent when it never heard anything', () => {
    const made = new Int16Array(160).fill(5);
    new Concealer().conceal(made, 0, 160);
    expect(made.every((sample) => sample === 0)).toBe(true);
  });
  it('never throws and never overflows', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 700 }))),
        fc.integer(),
        (steps, seed) => {
          const concealer = new Concealer();
          const buffer = Int16Array.from({ length: 700 }, (_, i) => ((i * 7919 + seed) % 65536) - 32768);
          for (const [good, count] of steps) {
            if (good) concealer.good(buffer, 0, count);
            else concealer.conceal(buffer, 0, count);
          }
        },
      ),
    );
  });
});

describe('time scale', () => {
  const largestStep = (sound: Int16Array, length: number) =>
    Array.from({ length: length - 1 }, (_, i) => Math.abs(sound[i + 1]! - sound[i]!)).reduce((a, b) =>
      Math.max(a, b),
    );

  it.each([8000, 16_000])('takes whole periods out of a tone, and puts them in (%i Hz)', (rate) => {
    const sound = tone(450, 8192, 80, rate);
    sound.fill(0, (60 * rate) / 1000);
    const length = (60 * rate) / 1000;
    const steepest = largestStep(sound, length);
    const shorter = shorten(sound, length, length, rate);
    expect(shorter).toBeLessThan(length - rate / 400);
    expect(toneLevel(sound.subarray(0, shorter), rate, 450)).toBeCloseTo(-12, 0);
    expect(largestStep(sound, shorter)).toBeLessThan(1.1 * steepest);
    const longer = lengthen(sound, shorter, length, rate);
    expect(longer).toBeGreaterThan(shorter + rate / 400);
    expect(toneLevel(sound.subarray(0, longer), rate, 450)).toBeCloseTo(-12, 0);
    expect(largestStep(sound, longer)).toBeLessThan(1.1 * steepest);
  });
  it('leaves alone what is like nothing else in reach', () => {
    const noise = Int16Array.from({ length: 480 }, (_, i) => ((i * i * 7919) % 20_011) - 10_000);
    const before = noise.slice();
    expect(shorten(noise, 400, 160)).toBe(400);
    expect(lengthen(noise, 320, 160)).toBe(320);
    const sound = tone(450, 8192, 60);
    expect(shorten(sound, 480, 10)).toBe(480);
    expect(noise).toEqual(before);
  });
  it('takes out of a pause what it is asked to, but never what begins in it', () => {
    expect(shorten(new Int16Array(320), 320, 160)).toBe(200);
    expect(shorten(new Int16Array(320), 320, 30)).toBe(290);
    expect(lengthen(new Int16Array(320), 160, 30)).toBe(190);
    const onset = new Int16Array(320);
    for (let i = 60; i < 320; i++) onset[i] = ((i * i * 7919) % 20_011) - 10_000;
    expect(shorten(onset, 320, 100)).toBe(320);
  });
});

describe('wav', () => {
  it.each(['pcm16', 'pcma', 'pcmu'] as const)('%s comes back as it went', (encoding) => {
    const samples = tone(600, 10_000, 101);
    const parsed = parseWav(writeWav({ rate: 8000, samples }, encoding));
    expect(parsed.ok).toBe(true);
    if (!parsed.ok) return;
    expect(parsed.value.rate).toBe(8000);
    expect(parsed.value.samples.length).toBe(samples.length);
    if (encoding === 'pcm16') expect(parsed.value.samples).toEqual(samples);
    else expect(toneLevel(parsed.value.samples, 8000, 600)).toBeCloseTo(toneLevel(samples, 8000, 600), 0);
  });
  it('never throws', () => {
    const good = writeWav({ rate: 8000, samples: tone(600, 10_000, 5) });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void parseWav(bytes)));
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, byte, cut) => {
        const bad = good.slice(0, cut);
        if (at < cut) bad[at] = byte;
        parseWav(bad);
      }),
    );
  });
});

describe('sine', () => {
  it('runs on from frame to frame', () => {
    const source = new SineSource(1000, 8192, 8000);
    const whole = new Int16Array(1600);
    for (let at = 0; at < whole.length; at += 160) source.fill(whole.subarray(at, at + 160));
    expect(toneLevel(whole, 8000, 1000)).toBeCloseTo(-12.04, 1);
  });
});
