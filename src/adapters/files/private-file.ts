import { existsSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail, ok, type Result } from '../../base/result.ts';

/** For this process' own user alone. */
const MODE = 0o600;

/** A file's text; undefined: it is not there, but can be made. An error is for the operator to read. */
export function readPrivateFile(path: string): Result<string | undefined, string> {
  try {
    if (existsSync(path)) return ok(readFileSync(path, 'utf8'));
    const directory = dirname(path);
    return existsSync(directory) ? ok(undefined) : fail(`there is no directory ${directory}`);
  } catch (error) {
    return fail(describe(error));
  }
}

/**
 * Puts `text` in the place of a file's, with mode 0600: all of it or nothing, whenever the process or the machine stops. It is written
 * beside the file first, so that the directory must be ours to write to.
 */
export async function writePrivateFile(path: string, text: string): Promise<Result<void, string>> {
  const beside = `${path}.new`;
  try {
    const file = await open(beside, 'w', MODE);
    try {
      // One that was left behind may have another mode.
      await file.chmod(MODE);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
    const directory = await open(dirname(path), 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
    return ok(undefined);
  } catch (error) {
    return fail(describe(error));
  }
}

/** `EACCES: permission denied, open 'trunks.json.new'`. */
function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
