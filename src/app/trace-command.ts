import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { wallClock } from '../adapters/clock/clock.ts';
import { AccessTokens } from '../adapters/jwt/tokens.ts';
import { readConfig } from './config/read.ts';
import { formatFault } from './config/source.ts';
import type { CommandResult } from './explain.ts';

const USAGE =
  'usage: trunkroom trace [CALL] [--full] [--pcapng FILE] [--config FILE] [--dev]\n' +
  '  without CALL: the calls that the running gateway keeps; CALL is its SCL_ id or its Call-ID\n';

/** The command's own token need not live longer than its request. */
const TTL_SECONDS = 60;

/**
 * `trunkroom trace`: asks the gateway that runs by the same configuration on this machine for a call's ladder. Exit code 0
 * when it has one, 1 when it has not or does not answer, 2 for bad arguments.
 */
export async function traceCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<CommandResult> {
  const parsed = readArguments(args);
  if (parsed === undefined) return { text: USAGE, exitCode: 2 };
  const { call, full, file, flags } = parsed;
  const startup = readConfig(flags, env);
  if (!startup.ok) return { text: `${startup.error.map(formatFault).join('\n')}\n`, exitCode: 2 };
  const { http, keys } = startup.value.config;
  const token = await new AccessTokens(new Map(Object.entries(keys)), wallClock).mintSipAdmin(TTL_SECONDS);
  const host = http.address === '0.0.0.0' || http.address === '::' ? '127.0.0.1' : http.address;
  const query = file !== undefined ? '?pcapng' : full ? '?full' : '';
  const path = call === undefined ? '/trace' : `/trace/${encodeURIComponent(call)}${query}`;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${http.port}${path}`;
  try {
    const response = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
    if (!response.ok) return { text: await response.text(), exitCode: 1 };
    if (file === undefined) return { text: await response.text(), exitCode: 0 };
    const bytes = new Uint8Array(await response.arrayBuffer());
    writeFileSync(file, bytes);
    return { text: `${bytes.length} bytes in ${file}\n`, exitCode: 0 };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { text: `no gateway answers at ${url}: ${why}\n`, exitCode: 1 };
  }
}

function readArguments(args: readonly string[]) {
  const options = {
    full: { type: 'boolean' },
    pcapng: { type: 'string' },
    config: { type: 'string' },
    dev: { type: 'boolean' },
  } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [call, ...more] = positionals;
    if (more.length > 0 || (call === undefined && values.pcapng !== undefined)) return undefined;
    const flags = [
      ...(values.config === undefined ? [] : ['--config', values.config]),
      ...(values.dev === true ? ['--dev'] : []),
    ];
    return { call, full: values.full === true, file: values.pcapng, flags };
  } catch {
    return undefined;
  }
}
