import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../../support/root.ts';
import { pathsIn, tableRows } from './tables.ts';

const rows = tableRows('docs/RFCS.md', /^\d{4}$/);

test('the table is read', () => {
  expect(rows.length).toBeGreaterThan(80);
});

test.each(rows)('RFC %s %s: %s', (rfc, section, _what, code, shown) => {
  const [file] = pathsIn(code);
  const [proof] = pathsIn(shown);
  expect(file).toMatch(/^src\/.*\.ts$/);
  expect(proof).toMatch(/^test\/.*\.test\.ts$/);
  expect(existsSync(`${repositoryRoot}${proof}`), `${proof} is there`).toBe(true);
  const source = readFileSync(`${repositoryRoot}${file}`, 'utf8');
  expect(source, `${file} names RFC ${rfc}`).toMatch(new RegExp(`RFC ${rfc}\\b`));
  if (section === '') return;
  const cited = new RegExp(`[Ss]ections? [^\\n]*(?<![\\d.])${section.replaceAll('.', '\\.')}(?!\\.?\\d)`);
  expect(source, `${file} names section ${section}`).toMatch(cited);
});
