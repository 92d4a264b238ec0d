import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readSounds } from '../../../src/app/sounds.ts';
import { StartupError } from '../../../src/app/startup-error.ts';
import { writeWav } from '../../../src/audio/wav.ts';
import { SoundBook } from '../../../src/media/sound-book.ts';
import { rmsLevel, tone, toneLevel } from '../../support/tones.ts';

const own = mkdtempSync(join(tmpdir(), 'sounds-'));
afterAll(() => rmSync(own, { recursive: true }));

const PROMPTS = [
  ...['enter-pin', 'wrong-pin', 'too-many-tries', 'please-wait', 'goodbye', 'joined', 'left'],
  ...['you-are-muted', 'you-are-unmuted', 'hold-music'],
];

it('every prompt is there, as loud as speech on the phone is, at both rates', async () => {
  const book = new SoundBook(await readSounds(''));
  for (const name of PROMPTS) {
    for (const rate of [8000, 16_000]) {
      const samples = book.find(name, 'en', rate) ?? new Int16Array(0);
      expect(samples.length / rate, name).toBeGreaterThan(0.5);
      expect(rmsLevel(samples), name).toBeGreaterThan(-36);
      expect(rmsLevel(samples), name).toBeLessThan(-14);
    }
  }
});

it('a directory of one\u2019s own comes first, and what it lacks is there all the same', async () => {
  mkdirSync(join(own, 'ms'));
  mkdirSync(join(own, 'en'));
  const sound = writeWav({ rate: 44_100, samples: tone(1000, 8192, 500, 44_100) });
  writeFileSync(join(own, 'ms', 'enter-pin.wav'), sound);
  writeFileSync(join(own, 'en', 'joined.wav'), sound);
  writeFileSync(join(own, 'en', 'README.txt'), 'no recording');
  const book = new SoundBook(await readSounds(own));
  const at = (name: string, language: string) =>
    toneLevel(book.find(name, language, 16_000) ?? new Int16Array(0), 16_000, 1000);
  expect(at('enter-pin', 'ms')).toBeCloseTo(-12, 0);
  expect(at('joined', 'ms')).toBeCloseTo(-12, 0);
  expect(at('enter-pin', 'en')).toBeLessThan(-25);
  expect(book.find('goodbye', 'ms', 8000)).toBeDefined();
});

it('a file that cannot be played keeps the gateway from starting, by name', async () => {
  const bad = join(own, 'en', 'left.wav');
  writeFileSync(bad, 'RIFF????');
  await expect(readSounds(own)).rejects.toThrow(StartupError);
  await expect(readSounds(own)).rejects.toThrow(bad);
  await expect(readSounds(join(own, 'nowhere'))).rejects.toThrow('there is no');
});
