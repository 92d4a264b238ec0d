import { chmodSync, existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { readPrivateFile, writePrivateFile } from '../../../src/adapters/files/private-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'private-file-'));
});

test('a file is there as a whole, for its owner alone, whatever was there before', async () => {
  const path = join(folder, 'secrets');
  expect(readPrivateFile(path)).toEqual({ ok: true, value: undefined });
  writeFileSync(path, 'old', { mode: 0o644 });
  // What a process that died has left behind.
  writeFileSync(`${path}.new`, 'half of something much longer than what comes now', { mode: 0o644 });
  chmodSync(`${path}.new`, 0o644);
  expect(await writePrivateFile(path, 'new')).toEqual({ ok: true, value: undefined });
  expect(readPrivateFile(path)).toEqual({ ok: true, value: 'new' });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(existsSync(`${path}.new`)).toBe(false);
});

test('what cannot be written is a value, and leaves what was there', async () => {
  const nowhere = join(folder, 'none', 'secrets');
  expect(await writePrivateFile(nowhere, 'new')).toMatchObject({ ok: false });
  // A directory stands where the file should be: the last step fails.
  expect(await writePrivateFile(folder, 'new')).toMatchObject({ ok: false });
  expect(readPrivateFile(folder)).toMatchObject({ ok: false });
  // Told when the gateway starts, and not when the first trunk is to be kept.
  expect(readPrivateFile(nowhere)).toEqual({
    ok: false,
    error: `there is no directory ${join(folder, 'none')}`,
  });
  const path = join(folder, 'secrets');
  writeFileSync(path, 'old');
  expect(readFileSync(path, 'utf8')).toBe('old');
});
