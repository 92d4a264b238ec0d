import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DtmfDetector, type PlayedKey } from '../../../src/audio/dtmf-detector.ts';
import { DtmfTones } from '../../../src/audio/dtmf-tones.ts';
import { decodeG711, encodeG711 } from '../../../src/audio/g711.ts';
import type { MixRate } from '../../../src/audio/voice-format.ts';
import { SeededRandom } from '../../support/lossy-net.ts';
import { repositoryRoot } from '../../support/root.ts';
import { tone } from '../../support/tones.ts';

const KEYS = '123A456B789C*0#D';
const LOW = [697, 770, 852, 941];
const HIGH = [1209, 1336, 1477, 1633];

/** Normally distributed noise. */
function noise(random: SeededRandom, deviation: number): number {
  const radius = Math.sqrt(-2 * Math.log((random.u32() + 1) / 2 ** 32));
  return deviation * radius * Math.cos((2 * Math.PI * random.u32()) / 2 ** 32);
}

interface Press {
  readonly ms: number;
  readonly rate?: MixRate;
  /** Peak of the low tone, and how much louder the high one is, dB. */
  readonly peak?: number;
  readonly twist?: number;
  /** Of both frequencies, as a part of them. */
  readonly deviation?: number;
  readonly snr?: number;
  /** Silence before, samples: where the key lies among the blocks. */
  readonly lead?: number;
  /** Of a break in the middle, ms. */
  readonly breakMs?: number;
}

function pressed(key: number, press: Press, seed = 1): Int16Array {
  const { ms, rate = 8000, peak = 4000, twist = 0, deviation = 0, snr = 80, lead = 0, breakMs = 0 } = press;
  const random = new SeededRandom(seed);
  const highPeak = peak * 10 ** (twist / 20);
  const hiss = Math.sqrt(((peak ** 2 + highPeak ** 2) / 2) * 10 ** (-snr / 10));
  const [length, pause] = [(ms * rate) / 1000, (breakMs * rate) / 1000];
  const samples = new Int16Array(Math.ceil(lead + length + pause + rate / 10));
  const [low, high] = [random.u32(), random.u32()];
  for (let i = 0; i < samples.length; i++) {
    const at = i - lead;
    const silent = at < 0 || at >= length + pause || (at >= length / 2 && at < length / 2 + pause);
    const angle = (2 * Math.PI * (1 + deviation) * at) / rate;
    const sound =
      peak * Math.sin(LOW[key >> 2]! * angle + low) + highPeak * Math.sin(HIGH[key & 3]! * angle + high);
    samples[i] = noise(random, hiss) + (silent ? 0 : sound);
  }
  return samples;
}

function heard(samples: Int16Array, rate: MixRate = 8000): PlayedKey[] {
  const detector = new DtmfDetector(rate);
  const keys: PlayedKey[] = [];
  for (let at = 0; at < samples.length; at += rate / 50) {
    const key = detector.push(samples.subarray(at, at + rate / 50));
    if (key !== undefined) keys.push(key);
  }
  return keys;
}

const digits = (samples: Int16Array, rate: MixRate = 8000) =>
  heard(samples, rate)
    .map(({ digit }) => digit)
    .join('');

const key = fc.integer({ min: 0, max: 15 });
const lead = fc.integer({ min: 0, max: 101 });

describe('keys', () => {
  it('every key at 15 dB over the noise, twisted by up to 6 dB, off by up to 1.5 %, at any place', () => {
    fc.assert(
      fc.property(
        ...[
          key,
          fc.double({ min: -6, max: 6, noNaN: true }),
          fc.double({ min: -0.015, max: 0.015, noNaN: true }),
        ],
        ...[lead, fc.integer(), fc.constantFrom<MixRate>(8000, 16_000)],
        (each, twist, deviation, before, seed, rate) => {
          const samples = pressed(each, { ms: 80, twist, deviation, snr: 15, lead: before, rate }, seed);
          expect(digits(samples, rate)).toBe(KEYS[each]);
        },
      ),
      { seed: 1, numRuns: 400 },
    );
  });
  it('of 40 ms each, and from -4 to -37 dBm0', () => {
    fc.assert(
      fc.property(
        key,
        lead,
        fc.integer({ min: 320, max: 14_000 }),
        fc.integer(),
        (each, before, peak, seed) => {
          expect(digits(pressed(each, { ms: 40, peak, snr: 30, lead: before }, seed))).toBe(KEYS[each]);
        },
      ),
    );
  });
  it('through either law of G.711', () => {
    const coded = new Uint8Array(1600);
    for (const law of ['pcma', 'pcmu'] as const)
      for (let each = 0; each < 16; each++) {
        const samples = pressed(each, { ms: 60 });
        const bytes = encodeG711(law, samples, 0, samples.length, coded, 0);
        decodeG711(law, coded, 0, bytes, samples, 0);
        expect(digits(samples)).toBe(KEYS[each]);
      }
  });
  it('is told once, at its end, with how long it was', () => {
    for (const ms of [60, 100, 500, 4000]) {
      const keys = heard(pressed(9, { ms }));
      expect(keys).toHaveLength(1);
      expect(Math.abs(keys[0]!.durationMs - ms)).toBeLessThanOrEqual(13);
    }
  });
  it('a break of 20 ms does not make two of one, a pause of 35 ms does: wherever they lie, with noise and without', () => {
    for (const [each, name] of [...KEYS].entries())
      for (let before = 0; before < 102; before++) {
        const press = { ms: 120, lead: before, snr: before % 2 === 0 ? 80 : 25 };
        const where = `${name} after ${before} samples`;
        expect(digits(pressed(each, { ...press, breakMs: 20 })), where).toBe(name);
        expect(digits(pressed(each, { ...press, breakMs: 35 })), where).toBe(name.repeat(2));
      }
  });
  it('sounds until it is let go', () => {
    const detector = new DtmfDetector(8000);
    const samples = pressed(0, { ms: 200 });
    const sounding: boolean[] = [];
    for (let at = 0; at < samples.length; at += 160) {
      detector.push(samples.subarray(at, at + 160));
      sounding.push(detector.sounding);
    }
    expect(sounding.indexOf(true)).toBeLessThanOrEqual(1);
    expect(sounding.lastIndexOf(true)).toBeLessThanOrEqual(12);
  });
});

describe('no keys', () => {
  it('20 ms of one', () => {
    fc.assert(
      fc.property(key, lead, (each, before) => {
        expect(digits(pressed(each, { ms: 20, lead: before }))).toBe('');
      }),
    );
  });
  it('off by 3.5 %, twisted by 14 dB, at -55 dBm0', () => {
    fc.assert(
      fc.property(key, lead, fc.constantFrom(-1, 1), (each, before, sign) => {
        const off = [{ deviation: 0.035 * sign }, { twist: 14 * sign }, { peak: 40 }];
        for (const how of off) expect(digits(pressed(each, { ms: 100, lead: before, ...how }))).toBe('');
      }),
    );
  });
  it('one tone alone, of any frequency', () => {
    for (let hz = 300; hz < 3400; hz += 7) expect(digits(tone(hz, 8000, 100))).toBe('');
    for (const hz of [...LOW, ...HIGH]) expect(digits(tone(hz, 8000, 100))).toBe('');
  });
  it('ten minutes of noise, loud and soft, white and dull', () => {
    const random = new SeededRandom(5);
    const samples = new Int16Array(8000);
    for (let second = 0; second < 600; second++) {
      const loud = 10 ** (1 + (second % 30) / 10);
      let dull = 0;
      for (let i = 0; i < samples.length; i++) {
        const white = noise(random, loud);
        dull = 0.9 * dull + white;
        samples[i] = second % 2 === 0 ? white : dull;
      }
      expect(digits(samples)).toBe('');
    }
  });
  it('speech, as it is, soft, and so loud that it clips', () => {
    const coded = readFileSync(`${repositoryRoot}test/data/speech/voices.ulaw`);
    const samples = new Int16Array(coded.length);
    decodeG711('pcmu', coded, 0, coded.length, samples, 0);
    for (const gain of [0.1, 0.5, 1, 4])
      expect(digits(samples.map((sample) => Math.max(-32_768, Math.min(32_767, sample * gain))))).toBe('');
  });
  it('scraps: any samples in any pieces change nothing for what comes after', () => {
    fc.assert(
      fc.property(fc.array(fc.int16Array({ maxLength: 320 }), { maxLength: 20 }), key, (pieces, each) => {
        const detector = new DtmfDetector(8000);
        for (const piece of pieces) detector.push(piece);
        for (let i = 0; i < 10; i++) detector.push(new Int16Array(160));
        const samples = pressed(each, { ms: 80 });
        const keys: string[] = [];
        for (let at = 0; at < samples.length; at += 160) {
          const told = detector.push(samples.subarray(at, at + 160));
          if (told !== undefined) keys.push(told.digit);
        }
        expect(keys).toEqual([KEYS[each]]);
      }),
    );
  });
});

describe('keys that we play', () => {
  it.each([8000, 16_000] as const)(
    'are heard as they were pressed at %i Hz, with a pause between',
    (rate) => {
      const tones = new DtmfTones(rate);
      for (const digit of '0123456789*#abcd55') expect(tones.press(digit, 100)).toBe(true);
      const detector = new DtmfDetector(rate);
      const told: PlayedKey[] = [];
      let peak = 0;
      while (tones.pull()) {
        for (const sample of tones.frame) peak = Math.max(peak, Math.abs(sample));
        const ended = detector.push(tones.frame);
        if (ended !== undefined) told.push(ended);
      }
      expect(told.map(({ digit }) => digit).join('')).toBe('0123456789*#ABCD55');
      expect(told.every(({ durationMs }) => Math.abs(durationMs - 100) <= 13)).toBe(true);
      expect(peak).toBeLessThan(20_000);
      expect(tones.pending).toBe(0);
    },
  );
  it('refuses what is no key and what is too much', () => {
    const tones = new DtmfTones(8000);
    expect(['x', '', '12', '!'].map((digit) => tones.press(digit, 100))).toEqual([
      false,
      false,
      false,
      false,
    ]);
    for (let i = 0; i < 64; i++) expect(tones.press('1', 100)).toBe(true);
    expect(tones.press('1', 100)).toBe(false);
    expect(tones.pull()).toBe(true);
  });
});
