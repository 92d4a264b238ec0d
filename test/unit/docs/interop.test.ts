import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../../support/root.ts';
import { pathsIn, tableRows } from './tables.ts';

const rows = tableRows('docs/INTEROP.md', /^\d{1,2}$/);
const peers = tableRows('docs/INTEROP.md', /^(?!\d|#|-|peer)/);

test('thirty rows, in their order', () => {
  expect(rows.map(([number]) => Number(number))).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  expect(peers.length).toBeGreaterThanOrEqual(7);
});

test.each(rows)('row %s, %s: its code and its tests are there', (_number, _what, rule, code, shown) => {
  const sources = pathsIn(code);
  const proofs = pathsIn(shown);
  expect(rule).toMatch(/[.]$/);
  expect(sources.length).toBeGreaterThan(0);
  expect(proofs.length).toBeGreaterThan(0);
  for (const path of [...sources, ...proofs]) expect(existsSync(`${repositoryRoot}${path}`), path).toBe(true);
});

test.each(peers)('%s: %s', (_peer, _what, shown) => {
  const proofs = pathsIn(shown);
  expect(proofs.length).toBeGreaterThan(0);
  for (const path of proofs) expect(existsSync(`${repositoryRoot}${path}`), path).toBe(true);
});
