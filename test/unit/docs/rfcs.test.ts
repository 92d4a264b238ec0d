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

const figures = tableRows('docs/RFCS.md', /^(?:\d\.\d\.\d|[A-E])$/);

test('RFC 5407: every figure of section 3 and the appendices is there', () => {
  expect(figures.map(([figure]) => figure)).toEqual([
    ...['3.1.1', '3.1.2', '3.1.3', '3.1.4', '3.1.5', '3.1.6', '3.2.1', '3.2.2', '3.2.3', '3.2.4'],
    ...['3.3.1', '3.3.2', '3.3.3', 'A', 'B', 'C', 'D', 'E'],
  ]);
});

test.each(figures)('RFC 5407 %s: %s', (figure, _race, ladders) => {
  const paths = pathsIn(ladders);
  expect(paths.length).toBeGreaterThan(0);
  for (const path of paths) {
    const text = readFileSync(`${repositoryRoot}${path}`, 'utf8');
    // The test of an appendix may have another name; that of a figure is called by it.
    if (/\d/.test(figure)) expect(text, `${path} names ${figure}`).toContain(figure);
  }
});
