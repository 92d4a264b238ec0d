import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { wallClock } from '../adapters/clock/clock.ts';
import { AccessTokens } from '../adapters/jwt/tokens.ts';
import { fail, ok } from '../base/result.ts';
import { asksForHelp, commandLineFault, wrongUse } from './command-line.ts';
import { readConfig } from './config/read.ts';
import { formatFault } from './config/source.ts';
import type { CommandResult } from './explain.ts';
import { faultText } from './fault-text.ts';

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
  if (asksForHelp(args)) return { text: USAGE, exitCode: 0 };
  const parsed = readArguments(args);
  if (!parsed.ok) return { text: wrongUse(parsed, USAGE), exitCode: 2 };
  const { call, full, file, flags } = parsed.value;
  const startup = readConfig(flags, env);
  if (!startup.ok) return { text: `${startup.error.map(formatFault).join('\n')}\n`, exitCode: 2 };
  const { http, keys } = startup.value.config;
  const token = await new AccessTokens(new Map(Object.entries(keys)), wallClock).mintSipAdmin(TTL_SECONDS);
  const host = http.address === '0.0.0.0' || http.address === '::' ? '127.0.0.1' : http.address;
  const query = file !== undefined ? '?pcapng' : full ? '?full' : '';
  const path = call === undefined ? '/trace' : `/trace/${encodeURIComponent(call)}${query}`;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${http.port}${path}`;
  let response: Response;
  let bytes: Uint8Array;
  try {
    response = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    return { text: `no gateway answers at ${url}: ${faultText(error)}\n`, exitCode: 1 };
  }
  if (!response.ok || file === undefined)
    return { text: new TextDecoder().decode(bytes), exitCode: response.ok ? 0 : 1 };
  try {
    writeFileSync(file, bytes);
    return { text: `${bytes.length} bytes in ${file}\n`, exitCode: 0 };
  } catch (error) {
    return { text: `${error instanceof Error ? error.message : error}\n`, exitCode: 1 };
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
    if (more.length > 0) return fail(`one call only, not also ${more.join(' ')}`);
    if (call === undefined && values.pcapng !== undefined) return fail('--pcapng is of one call: name it');
    const flags = [
      ...(values.config === undefined ? [] : ['--config', values.config]),
      ...(values.dev === true ? ['--dev'] : []),
    ];
    return ok({ call, full: values.full === true, file: values.pcapng, flags });
  } catch (error) {
    return fail(commandLineFault(error));
  }
}
