import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { describeConfig } from '../../../src/app/config/describe.ts';
import { configDocuments } from '../../../src/app/config/documents.ts';
import { examples } from '../../../src/app/config/examples.ts';
import { loadConfig } from '../../../src/app/config/load.ts';
import { formatFault } from '../../../src/app/config/source.ts';

const root = new URL('../../../', import.meta.url);
const KEYS = 'my-key: a-secret-of-at-least-32-characters';

function load(text: string | undefined, mode: 'development' | 'production' = 'production') {
  const result = loadConfig({ text, file: 'file', env: {}, mode, readSecret: () => KEYS });
  if (!result.ok) throw new Error(result.error.map(formatFault).join('\n'));
  return result.value;
}

describe('generated files', () => {
  test.each(Object.entries(configDocuments()))(
    '%s is up to date (else run npm run docs:config)',
    (path, text) => {
      expect(readFileSync(new URL(path, root), 'utf8')).toBe(text);
    },
  );

  test('the default file is the defaults', () => {
    expect(load(configDocuments()['config/trunkroom.yaml'], 'development')).toEqual(
      load(undefined, 'development'),
    );
  });

  test('its examples are right, uncommented', () => {
    for (const lines of Object.values(examples)) load(`keys: {${KEYS}}\n${lines.join('\n')}`);
  });

  test('every key is described', () => {
    for (const { description, keys } of describeConfig()) {
      expect(description).not.toBe('');
      for (const key of keys) expect(key.description, key.path).not.toBe('');
    }
  });
});

test.each(readdirSync(new URL('config/trunks/', root)))('config/trunks/%s is right', (name) => {
  const config = load(readFileSync(new URL(`config/trunks/${name}`, root), 'utf8'));
  expect(config.trunks.length).toBeGreaterThan(0);
  expect(config.rules.length).toBeGreaterThan(0);
});
