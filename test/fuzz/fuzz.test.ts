import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fuzzOnce, targets } from './fuzz.ts';

/** Cases a target; `npm run fuzz` runs as many as one likes. */
const RUNS: Readonly<Record<string, number>> = {
  'turn-users': 100,
  'sip-endpoint': 400,
  turn: 200,
  rtp: 500,
  'phone-leg': 400,
  'marked-srtp': 400,
};
const FOUND = new URL('../data/fuzz/found/', import.meta.url);

test.each(targets)('$name takes whatever comes', (target) => {
  let inputs = 0;
  for (let seed = 0; seed < (RUNS[target.name] ?? 2000); seed++) inputs += fuzzOnce(target, seed);
  expect(inputs).toBeGreaterThan(0);
});

test('what once went wrong does so no more', () => {
  for (const name of existsSync(FOUND) ? readdirSync(FOUND) : []) {
    const { target, inputs } = JSON.parse(readFileSync(new URL(name, FOUND), 'utf8')) as {
      target: string;
      inputs: string[];
    };
    const found = targets.find((each) => each.name === target);
    expect(found, name).toBeDefined();
    found?.check(inputs.map((text) => new Uint8Array(Buffer.from(text, 'base64'))));
  }
});
