import { expect, it } from 'vitest';
import { isInCountries, writeNumber } from '../../../src/trunk/dialled-number.ts';

it.each([
  ['+60123456789', '+e164', '+60123456789'],
  ['+60123456789', 'e164', '60123456789'],
  ['+60123456789', 'national', '0123456789'],
  ['+60312345678', 'national', '0312345678'],
  // From Malaysia the world is behind 00.
  ['+442079460000', 'national', '00442079460000'],
  ['8001', 'e164', '8001'],
  ['lobby', 'national', 'lobby'],
] as const)('%s as %s is %s', (number, format, expected) => {
  expect(writeNumber(number, { format, country: 'MY', prefix: '' })).toBe(expected);
  expect(writeNumber(number, { format, country: 'MY', prefix: '7777' })).toBe(`7777${expected}`);
});

it('without a country there is no national way to write', () => {
  const form = { format: 'national', country: undefined, prefix: '' } as const;
  expect(writeNumber('+60123456789', form)).toBe('60123456789');
});

it.each([
  ['+60123456789', ['MY'], true],
  ['+60123456789', ['MY', 'SG'], true],
  ['+6561234567', ['MY'], false],
  ['+60123456789', [], false],
  // Four countries share +1, and two of these are old friends of fraud.
  ['+12133734253', ['US'], true],
  ['+18765551234', ['US'], false],
  ['+16135550123', ['US'], false],
  // Satellite and global networks are in no country.
  ['+870773123456', ['MY', 'GB'], false],
  ['+88212345678', ['MY', 'GB'], false],
  ['8001', [], true],
  ['lobby', [], true],
  ['999', ['MY'], true],
  // What a carrier may well understand as a number abroad, and we do not.
  ['00442079460000', ['MY'], false],
  ['442079460000', [], false],
  ['+999', ['MY'], false],
] as const)('%s in %j: %s', (number, countries, expected) => {
  expect(isInCountries(number, countries)).toBe(expected);
  expect(isInCountries(number, 'all')).toBe(true);
});
