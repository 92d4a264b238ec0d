import { parseArgs } from 'node:util';
import { roomName } from '../trunk/dispatch.ts';
import type { CallFacts } from '../trunk/facts.ts';
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

const USAGE = `usage: trunkroom explain --from NUMBER --to NUMBER --source ADDRESS [--config FILE] [--dev]

  --from NUMBER      who calls: the user of the From header; absent: anonymous (also --caller)
  --to NUMBER        the number that is dialled: the user of Request-URI and To (also --called)
  --source ADDRESS   where the INVITE comes from
  --transport NAME   by what it comes: udp, tcp, tls, ws; absent: udp
  --request-uri, --asserted, --called-party, --diversion NUMBER
                     users of the Request-URI, P-Asserted-Identity, P-Called-Party-ID and Diversion, where they differ
  --registered TRUNK the call comes for what this outbound trunk has registered
  --privacy          the caller asks not to be shown
`;

const TRANSPORTS = ['udp', 'tcp', 'tls', 'ws'] as const;

/**
 * `trunkroom explain`: what the gateway would do with a call, and why, trunk by trunk and rule by rule. It decides by the
 * same code as a real INVITE. Exit code 0 for a call that is let in, 1 for one that is refused, 2 for bad arguments.
 */
export function explainCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): CommandResult {
  const values = readArguments(args);
  const call = values === undefined ? undefined : factsOf(values);
  if (values === undefined || call === undefined) return { text: USAGE, exitCode: 2 };
  const flags = [
    ...(values.config === undefined ? [] : ['--config', values.config]),
    ...(values.dev === true ? ['--dev'] : []),
  ];
  const startup = readConfig(flags, env);
  if (!startup.ok) return { text: `${startup.error.map(formatFault).join('\n')}\n`, exitCode: 2 };
  const { config } = startup.value;
  // Tokens are drawn when a gateway starts; here a registration's name stands for the one that it has.
  const registered = config.outbound_trunks.map(({ id }) => [id, tokenOf(id)] as const);
  const trunks = new TrunkTable(inboundTrunks(config), new Map(registered));
  const decision = route(trunks, dispatchRules(config), call);
  const room = decision.ok ? `\nroom: ${roomName(decision.rule, decision, '(random)')}` : '';
  return { text: `${explain(decision)}${room}\n`, exitCode: decision.ok ? 0 : 1 };
}

function tokenOf(trunk: string): string {
  return `registration-of-${trunk}`;
}

function factsOf(values: NonNullable<ReturnType<typeof readArguments>>): CallFacts | undefined {
  const { source, asserted, diversion, registered } = values;
  const to = values.to ?? values.called;
  if (source === undefined || to === undefined) return undefined;
  const transport = TRANSPORTS.find((each) => each === (values.transport ?? 'udp'));
  if (transport === undefined) return undefined;
  return {
    source,
    transport,
    requestUser: values['request-uri'] ?? (registered === undefined ? to : tokenOf(registered)),
    toUser: to,
    fromUser: values.from ?? values.caller ?? 'anonymous',
    assertedUser: asserted,
    calledPartyUser: values['called-party'],
    divertedUser: diversion,
    privacy: values.privacy,
  };
}

function readArguments(args: readonly string[]) {
  const options = {
    source: { type: 'string' },
    transport: { type: 'string' },
    to: { type: 'string' },
    from: { type: 'string' },
    called: { type: 'string' },
    caller: { type: 'string' },
    'request-uri': { type: 'string' },
    asserted: { type: 'string' },
    'called-party': { type: 'string' },
    diversion: { type: 'string' },
    registered: { type: 'string' },
    privacy: { type: 'boolean' },
    config: { type: 'string' },
    dev: { type: 'boolean' },
  } as const;
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch {
    return undefined;
  }
}
