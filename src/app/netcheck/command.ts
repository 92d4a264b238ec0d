import { parseArgs } from 'node:util';
import { driveAlarms, monotonicClock, rethrow, wallClock } from '../../adapters/clock/clock.ts';
import { AccessTokens } from '../../adapters/jwt/tokens.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { WakeQueue } from '../../base/wake-queue.ts';
import type { Finding } from '../../netcheck/findings.ts';
import { waysOf } from '../../netcheck/ways.ts';
import { asksForHelp, commandLineFault, wrongUse } from '../command-line.ts';
import { readConfig } from '../config/read.ts';
import { formatFault } from '../config/source.ts';
import type { CommandResult } from '../explain.ts';
import { askDevToken, beginTest, type GatewayTest, gatewayBase } from './gateway.ts';
import { asJson, asTable, type NetcheckResult } from './report.ts';
import { tryWay } from './try-way.ts';

const USAGE = `usage: trunkroom netcheck URL [--token TOKEN | --config FILE] [--json]

  URL             of the gateway's page, such as https://voice.example.com
  --token TOKEN   an access token that may join a room; also as LIVEKIT_TOKEN in the environment
  --config FILE   make a token by the first key of the gateway's own configuration
  --json          for programs

  Without a token a gateway that runs with --dev is asked for one. Exit code 0: media gets through; 1: it does not, or the
  gateway does not answer; 2: bad arguments.
`;

/** A token of our own need not live longer than a test. */
const TTL_SECONDS = 300;

/** `trunkroom netcheck`: tries from this machine every way that the gateway offers to browsers, and says what to open. */
export async function netcheckCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<CommandResult> {
  if (asksForHelp(args)) return { text: USAGE, exitCode: 0 };
  const wish = readArguments(args);
  if (!wish.ok) return { text: wrongUse(wish, USAGE), exitCode: 2 };
  const { url, config, json } = wish.value;
  const base = gatewayBase(url);
  if (base === undefined)
    return { text: wrongUse(fail(`${url} is no http: or https: URL`), USAGE), exitCode: 2 };
  const token = wish.value.token ?? (config === undefined ? env['LIVEKIT_TOKEN'] : undefined);
  const minted = config === undefined ? undefined : await mintToken(config, env);
  if (minted?.ok === false) return { text: minted.error, exitCode: 2 };
  const given = token ?? minted?.value;
  const asked = given === undefined ? await askDevToken(base) : ok(given);
  const test = asked.ok ? await beginTest(base, asked.value) : asked;
  if (!test.ok) return { text: json ? asJson(base, test.error) : `${test.error}\n`, exitCode: 1 };
  try {
    const result = await runTest(test.value);
    const text = json ? asJson(base, result) : asTable(base, result);
    return { text, exitCode: result.findings.some(({ works }) => works) ? 0 : 1 };
  } finally {
    test.value.close();
  }
}

async function runTest(test: GatewayTest): Promise<NetcheckResult> {
  const timers = new WakeQueue();
  const stopAlarms = driveAlarms(timers, monotonicClock, rethrow);
  try {
    const signaling = await test.signaling();
    const trials: Promise<Finding>[] = [];
    for (const way of waysOf(test.welcome.media, test.welcome.servers)) {
      // One each: a place keeps no more than 16 addresses (`ice/ice-lite.ts`), and a way may come from several.
      const place = await test.stun();
      trials.push(
        place.ok
          ? tryWay(way, { ...place.value, clock: monotonicClock, timers })
          : Promise.resolve({
              way,
              works: false,
              detail: `the gateway opens no place for it: ${place.error}`,
            }),
      );
    }
    return { findings: await Promise.all(trials), signaling };
  } finally {
    stopAlarms();
  }
}

async function mintToken(
  config: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Result<string, string>> {
  const startup = readConfig(['--config', config], env);
  if (!startup.ok) return fail(`${startup.error.map(formatFault).join('\n')}\n`);
  const tokens = new AccessTokens(new Map(Object.entries(startup.value.config.keys)), wallClock);
  const wish = { identity: 'netcheck', name: 'netcheck', room: 'netcheck', ttlSeconds: TTL_SECONDS };
  return ok(await tokens.mint(wish));
}

interface Arguments {
  readonly url: string;
  readonly token: string | undefined;
  readonly config: string | undefined;
  readonly json: boolean;
}

function readArguments(args: readonly string[]): Result<Arguments, string> {
  const options = {
    token: { type: 'string' },
    config: { type: 'string' },
    json: { type: 'boolean' },
  } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [url, ...more] = positionals;
    if (url === undefined) return fail('which gateway? Its URL is needed');
    if (more.length > 0) return fail(`one URL only, not also ${more.join(' ')}`);
    if (values.token !== undefined && values.config !== undefined)
      return fail('--token or --config, not both');
    return ok({ url, token: values.token, config: values.config, json: values.json === true });
  } catch (error) {
    return fail(commandLineFault(error));
  }
}
