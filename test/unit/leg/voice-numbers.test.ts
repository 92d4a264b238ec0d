import { expect, it } from 'vitest';
import { VoiceNumbers } from '../../../src/leg/voice-numbers.ts';

it('closes up behind what was taken out, in order and out of order', () => {
  const numbers = new VoiceNumbers();
  expect(numbers.map(1, 65_534)).toBe(65_534);
  for (const key of [65_535, 0, 1, 1]) numbers.remove(1, key);
  expect(numbers.map(1, 2)).toBe(65_535);
  expect(numbers.map(1, 65_533)).toBe(65_533);
  expect(numbers.map(1, 4)).toBe(1);
  expect(numbers.map(1, 3)).toBe(0);
});

it('goes on for days', () => {
  const numbers = new VoiceNumbers();
  let expected = 0;
  for (let i = 0; i < 300_000; i++) {
    if (i % 100 === 99) numbers.remove(1, i & 0xffff);
    else expect(numbers.map(1, i & 0xffff)).toBe(expected++ & 0xffff);
  }
});

it('does not forget after half a round without any', () => {
  const numbers = new VoiceNumbers();
  numbers.remove(1, 10);
  for (let i = 11; i < 200_000; i++) expect(numbers.map(1, i & 0xffff)).toBe((i - 1) & 0xffff);
});

it('begins anew with another source', () => {
  const numbers = new VoiceNumbers();
  numbers.remove(1, 10);
  expect(numbers.map(2, 11)).toBe(11);
});
