import { describe, expect, test } from 'vitest';
import { overlapping } from '../../../src/trunk/addresses.ts';
import { conflictingRule, conflictingTrunk } from '../../../src/trunk/conflicts.ts';
import type { DispatchRule, InboundTrunk } from '../../../src/trunk/trunk.ts';
import { rule, trunk } from './trunks.ts';

test.each([
  ['192.0.2.0/24', '192.0.2.7', true],
  ['192.0.2.7', '192.0.0.0/16', true],
  ['192.0.2.0/25', '192.0.2.128/25', false],
  ['0.0.0.0/0', '203.0.113.9', true],
  ['2001:db8::/32', '2001:db8:1::1', true],
  ['2001:db8::/32', '192.0.2.7', false],
  ['::ffff:192.0.2.0/120', '192.0.2.7', true],
  ['nonsense', '192.0.2.7', false],
])('%s and %s have an address in common: %s', (one, other, isSo) => {
  expect(overlapping(one, other)).toBe(isSo);
  expect(overlapping(other, one)).toBe(isSo);
});

describe('two trunks', () => {
  const NUMBER = { numbers: ['+60312345678'] };
  test.each<[string, Partial<InboundTrunk>, Partial<InboundTrunk>, boolean]>([
    ['the same number', NUMBER, NUMBER, true],
    ['the same number, written otherwise', NUMBER, { numbers: ['03-1234 5678'], country: 'MY' }, true],
    ['the same number, from elsewhere', NUMBER, { ...NUMBER, allowedAddresses: ['203.0.113.1'] }, false],
    ['the same number, for a registration', NUMBER, { ...NUMBER, registration: 'out' }, false],
    ['the same number, one not enabled', NUMBER, { ...NUMBER, enabled: false }, false],
    ['other numbers', NUMBER, { numbers: ['+60312345679'] }, false],
    ['a number, and every number', NUMBER, {}, false],
    ['every number', {}, {}, true],
    ['the same pattern', { numbers: ['+603*'] }, { numbers: ['+603*'] }, true],
    ['the same number, other callers', { allowedNumbers: ['+6011'] }, { allowedNumbers: ['+6012'] }, false],
    ['the same number and caller', { allowedNumbers: ['+6011'] }, { allowedNumbers: ['+6011', '1'] }, true],
  ])('%s', (_, one, other, conflict) => {
    const there = trunk({ id: 'there', ...other });
    const found = conflictingTrunk(trunk({ id: 'new', ...one }), [trunk({ id: 'new' }), there]);
    expect(found).toBe(conflict ? there : undefined);
  });
});

describe('two rules', () => {
  test.each<[string, Partial<DispatchRule>, Partial<DispatchRule>, boolean]>([
    ['for everything', {}, {}, true],
    ['for one trunk, and for all', { trunkIds: ['a'] }, {}, false],
    ['with a trunk in common', { trunkIds: ['a', 'b'] }, { trunkIds: ['b'] }, true],
    ['with other PINs', { pin: '1' }, { pin: '2' }, false],
    ['with the same PIN', { pin: '1' }, { pin: '1' }, true],
    ['with a PIN, and without', { pin: '1' }, {}, false],
    ['with other numbers', { numbers: ['100'] }, { numbers: ['101'] }, false],
    ['with other callers', { inboundNumbers: ['100'] }, { inboundNumbers: ['101'] }, false],
    ['with other priorities', { priority: 1 }, { priority: 2 }, false],
    ['one not enabled', {}, { enabled: false }, false],
  ])('%s', (_, one, other, conflict) => {
    const there = rule({ id: 'there', ...other });
    const found = conflictingRule(rule({ id: 'new', ...one }), [rule({ id: 'new' }), there]);
    expect(found).toBe(conflict ? there : undefined);
  });
});
