import { readFileSync } from 'node:fs';
import { repositoryRoot } from '../../support/root.ts';

/** The cells of all rows of a document's tables whose first cell looks so. */
export function tableRows(path: string, first: RegExp): string[][] {
  return readFileSync(`${repositoryRoot}${path}`, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter(([cell = '']) => first.test(cell));
}

/** Files named in a cell, in backquotes. */
export function pathsIn(cell: string): string[] {
  return [...cell.matchAll(/`((?:src|test)\/[^`]+)`/g)].map(([, path]) => path!);
}
