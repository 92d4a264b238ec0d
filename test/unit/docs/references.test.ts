import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../../support/root.ts';

/** What the documents point at is there: files they link to, headings, files they name in backquotes, commands of npm. */
const folder = (path: string) => readdirSync(`${repositoryRoot}${path}`);
const documents = ['', 'docs/', 'docs/adr/'].flatMap((path) =>
  folder(path).flatMap((name) => (name.endsWith('.md') ? [`${path}${name}`] : [])),
);
const read = (path: string) => readFileSync(`${repositoryRoot}${path}`, 'utf8');
const isThere = (path: string) => existsSync(`${repositoryRoot}${path}`);

/** Files may be named from here, or from src. */
const top = new Set(['src', 'test', 'docs', 'config', 'deploy', ...folder('src')]);
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');
}

function anchorsOf(document: string): string[] {
  return [...read(document).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!));
}

test('the documents are found', () => {
  expect(documents).toContain('README.md');
  expect(documents.length).toBeGreaterThan(20);
});

test.each(documents)('%s: its links lead somewhere', (document) => {
  const links = [...read(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
  for (const link of links.filter((each) => !/^(?:https?|mailto):/.test(each))) {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? document : join(dirname(document), path);
    expect(isThere(target), `${link} is there`).toBe(true);
    if (anchor !== undefined && target.endsWith('.md')) expect(anchorsOf(target), link).toContain(anchor);
  }
});

// What was tried with other projects' tests names those: their files are not ours.
const ofOurs = documents.filter((document) => document !== 'docs/COMPATIBILITY.md');

test.each(ofOurs)('%s: the files that it names are there', (document) => {
  const named = [...read(document).matchAll(/`([\w.-]+\/[\w./-]+\.(?:[a-z]{1,4}))`/g)].map(
    ([, path]) => path!,
  );
  const missing = named.filter((path) => {
    if (!top.has(path.split('/', 1)[0]!)) return false;
    return !['', 'src/', `${dirname(document)}/`].some((from) => isThere(from + path));
  });
  expect(missing).toEqual([]);
});

test.each(documents)('%s: the commands of npm that it names are there', (document) => {
  const named = [...read(document).matchAll(/npm run (?:-s )?([a-z][\w:-]*)/g)].map(([, name]) => name!);
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
});

test('docs/ARCHITECTURE.md has a row for each folder of src', () => {
  const rows = read('docs/ARCHITECTURE.md').split('## Where things are')[1]!;
  expect(folder('src').filter((name) => !rows.includes(`\`${name}\``))).toEqual([]);
});
