import { expect, it } from 'vitest';
import { bearerToken } from '../../../src/base/bearer.ts';

it.each([
  ['Bearer a.b.c', 'a.b.c'],
  ['bearer a.b.c', 'a.b.c'],
  ['Basic a.b.c', undefined],
  ['Bearer', undefined],
  ['Bearer a b', undefined],
  [undefined, undefined],
])('of %s the token is %s', (header, token) => {
  expect(bearerToken(header)).toBe(token);
});
