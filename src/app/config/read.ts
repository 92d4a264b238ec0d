import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fail, ok, type Result } from '../../base/result.ts';
import { commandLineFault } from '../command-line.ts';
import { localAddresses } from '../local-addresses.ts';
import { announcedAddresses, selectedAddresses } from './announced.ts';
import { loadConfig } from './load.ts';
import type { Config } from './schema.ts';
import type { ConfigFault } from './source.ts';

/** What a process starts with. */
export interface StartupConfig {
  readonly config: Config;
  readonly mode: 'development' | 'production';
  /** The file that was read, or undefined for the defaults alone. */
  readonly file: string | undefined;
  /** `node.addresses`, or those of this machine: never empty, the preferred one first. */
  readonly addresses: readonly string[];
}

/** Reads flags (`--config FILE`, `--dev`), the file, secrets' files and the environment. */
export function readConfig(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Result<StartupConfig, readonly ConfigFault[]> {
  const flags = readFlags(argv);
  if (!flags.ok) return flags;
  const { file, mode } = flags.value;
  let text: string | undefined;
  if (file !== undefined) {
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      return fail([
        {
          place: file,
          path: '',
          message: `cannot be read: ${error instanceof Error ? error.message : error}`,
        },
      ]);
    }
  }
  const config = loadConfig({ text, file: file ?? 'defaults', env, mode, readSecret });
  if (!config.ok) return config;
  const addresses = announcedAddresses(
    config.value.node.addresses,
    selectedAddresses(localAddresses(), config.value.node),
    mode,
  );
  return ok({ config: config.value, mode, file, addresses });
}

function readFlags(
  argv: readonly string[],
): Result<{ file: string | undefined; mode: StartupConfig['mode'] }, ConfigFault[]> {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { config: { type: 'string' }, dev: { type: 'boolean' } },
      strict: true,
    });
    return ok({ file: values.config, mode: values.dev === true ? 'development' : 'production' });
  } catch (error) {
    return fail([{ place: 'command line', path: '', message: commandLineFault(error) }]);
  }
}

function readSecret(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
