import { parseArgs } from 'node:util';
import { roomName } from '../trunk/dispatch.ts';
import { TrunkTable } from '../trunk/match.ts';
import { explain, route } from '../trunk/route.ts';
import { readConfig } from './config/read.ts';
import { formatFault } from './config/source.ts';
import { dispatchRules, inboundTrunks } from './config/trunks.ts';

/** What a command prints and exits with. */
export interface CommandResult {
  readonly text: string;
  readonly exitCode: number;
}

const USAGE =
  'usage: trunkroom explain --source ADDRESS --called NUMBER [--caller NUMBER] [--config FILE] [--dev]\n';

/**
 * `trunkroom explain`: what the gateway would do with a call, and why, trunk by trunk and rule by rule. It decides by the
 * same code as a real INVITE. Exit code 0 for a call that is let in, 1 for one that is refused, 2 for bad arguments.
 */
export function explainCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): CommandResult {
  const values = readArguments(args);
  const { source, called, caller = 'anonymous' } = values ?? {};
  if (values === undefined || source === undefined || called === undefined)
    return { text: USAGE, exitCode: 2 };
  const flags = [
    ...(values.config === undefined ? [] : ['--config', values.config]),
    ...(values.dev === true ? ['--dev'] : []),
  ];
  const startup = readConfig(flags, env);
  if (!startup.ok) return { text: `${startup.error.map(formatFault).join('\n')}\n`, exitCode: 2 };
  const { config } = startup.value;
  const trunks = new TrunkTable(inboundTrunks(config));
  const decision = route(trunks, dispatchRules(config), {
    source,
    requestUser: called,
    toUser: called,
    fromUser: caller,
  });
  const room = decision.ok ? `\nroom: ${roomName(decision.rule, decision, '(random)')}` : '';
  return { text: `${explain(decision)}${room}\n`, exitCode: decision.ok ? 0 : 1 };
}

function readArguments(args: readonly string[]) {
  const options = {
    source: { type: 'string' },
    called: { type: 'string' },
    caller: { type: 'string' },
    config: { type: 'string' },
    dev: { type: 'boolean' },
  } as const;
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch {
    return undefined;
  }
}
