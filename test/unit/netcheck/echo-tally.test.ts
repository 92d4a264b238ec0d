import { expect, test } from 'vitest';
import { EchoTally } from '../../../src/netcheck/echo-tally.ts';

function sent(count: number): EchoTally {
  const tally = new EchoTally();
  for (let number = 0; number < count; number++) tally.send(number * 40);
  return tally;
}

test('echoes are timed by what they answer, in whatever order they come', () => {
  const tally = sent(4);
  for (const number of [0, 2, 1, 3]) tally.receive(number, number * 40 + 25);
  expect(tally.complete).toBe(true);
  expect(tally.measured).toEqual({ sent: 4, back: 4, rttMs: 25, slowestMs: 25 });
});

test('one that three others overtook was sent again, and is lost to a voice', () => {
  const tally = sent(6);
  for (const number of [0, 2, 3, 4]) tally.receive(number, 300);
  tally.receive(1, 310);
  expect(tally.measured.back).toBe(4);
  expect(tally.complete).toBe(false);
  tally.receive(5, 320);
  expect(tally.measured).toMatchObject({ sent: 6, back: 5 });
});

test('echoes of nothing, and second ones, are passed over', () => {
  const tally = sent(2);
  for (const number of [0, 0, 7, -1, 0.5, Number.NaN]) tally.receive(number, 100);
  expect(tally.measured).toMatchObject({ sent: 2, back: 1 });
});
