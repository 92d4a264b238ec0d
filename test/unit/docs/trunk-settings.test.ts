import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../../support/root.ts';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

const schema = JSON.parse(readFileSync(`${repositoryRoot}config/trunkroom.schema.json`, 'utf8')) as Schema;
const document = readFileSync(`${repositoryRoot}docs/TRUNKS.md`, 'utf8');
const section = document.split('## The settings of others, and ours')[1]!.split('\n## ')[0]!;
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(1)
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, what = '', ours = '']) => [what, ours] as const);

/** `trunks[].min_se`, `outbound_trunks[].register.user`. */
function knows(path: string): boolean {
  let at: Schema | undefined = schema;
  for (const key of path.replaceAll('[]', '').split('.')) at = (at?.items ?? at)?.properties?.[key];
  return at !== undefined;
}

test('each setting that trunk administrators know has its row', () => {
  expect(rows).toHaveLength(35);
  expect(knows('trunks[].no_such_key')).toBe(false);
});

test.each(rows)('%s: its keys are there, or it says why not', (_what, ours) => {
  const keys = [...ours.matchAll(/`((?:[a-z_]+(?:\[\])?\.)+[a-z_]+)`/g)].map(([, key]) => key!);
  if (keys.length === 0) expect(ours).toMatch(/none of ours|see below|never/);
  for (const key of keys) expect(knows(key), key).toBe(true);
});
