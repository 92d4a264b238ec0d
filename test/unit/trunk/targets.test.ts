import { expect, test } from 'vitest';
import { formatTarget, orderTargets } from '../../../src/trunk/targets.ts';
import { SeededRandom } from '../../support/lossy-net.ts';
import { target } from './trunks.ts';

const names = (all: readonly { host: string }[]) => all.map(({ host }) => host).join('');

test('priority first, those that are down last, nobody left out', () => {
  const targets = [
    target('c', { priority: 300 }),
    target('a', { priority: 1 }),
    target('b', { priority: 20 }),
  ];
  const random = new SeededRandom(1);
  expect(names(orderTargets(targets, () => true, random))).toBe('abc');
  expect(names(orderTargets(targets, ({ host }) => host !== 'a', random))).toBe('bca');
  expect(names(orderTargets(targets, () => false, random))).toBe('abc');
});

test('among equals the lot respects the weights (RFC 2782)', () => {
  const targets = [target('a', { weight: 10 }), target('b', { weight: 30 })];
  const random = new SeededRandom(7);
  let first = 0;
  for (let i = 0; i < 4000; i++) if (orderTargets(targets, () => true, random)[0]!.host === 'b') first++;
  expect(first).toBeGreaterThan(2850);
  expect(first).toBeLessThan(3150);
});

test('in words', () => {
  expect(formatTarget(target('sip.example', { port: 5080 }))).toBe('sip.example:5080/udp');
  expect(formatTarget(target('2001:db8::1', { transport: 'tcp' }))).toBe('[2001:db8::1]/tcp');
});
