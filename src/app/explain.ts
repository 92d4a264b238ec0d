import { parseArgs } from 'node:util';
import { fail, ok, type Result } from '../base/result.ts';
import { parseNetwork } from '../trunk/addresses.ts';
import { roomName } from '../trunk/dispatch.ts';
import type { CallFacts } from '../trunk/facts.ts';
import { TrunkTable } from '../trunk/match.ts';
import { ruleOfPin } from '../trunk/pin.ts';
import { explain, type Route, route } from '../trunk/route.ts';
import { DEFAULT_POLICY, type DispatchRule } from '../trunk/trunk.ts';
import { asksForHelp, commandLineFault, wrongUse } from './command-line.ts';
import { readConfig } from './config/read.ts';
import { formatFault } from './config/source.ts';
import { readProvisions } from './provisioning.ts';

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
  --request-uri, --asserted, --called-party, --diversion, --history-info NUMBER
                     users of the Request-URI, P-Asserted-Identity, P-Called-Party-ID, Diversion and History-Info, where they differ
  --registered TRUNK the call comes for what this outbound trunk has registered
  --pin DIGITS       the PIN that the caller keys, where rules ask for one
  --privacy          the caller asks not to be shown
`;

const TRANSPORTS = ['udp', 'tcp', 'tls', 'ws'] as const;

/**
 * `trunkroom explain`: what the gateway would do with a call, and why, trunk by trunk and rule by rule, those that were made by API
 * and kept in a file among them. It decides by the same code as a real INVITE. Exit code 0 for a call that is let in, 1 for one that is refused, 2 for bad arguments.
 */
export function explainCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): CommandResult {
  if (asksForHelp(args)) return { text: USAGE, exitCode: 0 };
  const values = readArguments(args);
  const call = values.ok ? factsOf(values.value) : values;
  if (!values.ok || !call.ok) return { text: wrongUse(call, USAGE), exitCode: 2 };
  const flags = [
    ...(values.value.config === undefined ? [] : ['--config', values.value.config]),
    ...(values.value.dev === true ? ['--dev'] : []),
  ];
  const startup = readConfig(flags, env);
  if (!startup.ok) return { text: `${startup.error.map(formatFault).join('\n')}\n`, exitCode: 2 };
  const provisions = readProvisions(startup.value);
  if (!provisions.ok) return { text: `${provisions.error.join('\n')}\n`, exitCode: 2 };
  const { outboundTrunks, rules: all, trunks: inbound } = provisions.value.plan;
  // Tokens are drawn when a gateway starts; here a registration's name stands for the one that it has.
  const registered = outboundTrunks.map(({ id }) => [id, tokenOf(id)] as const);
  const trunks = new TrunkTable(inbound, new Map(registered));
  const decision = route(trunks, all, call.value);
  if (!decision.ok) return { text: `${explain(decision)}\n`, exitCode: 1 };
  const { rules, verdict } = chosenBy(values.value.pin, decision);
  const answers = rules.flatMap((rule) => [
    ...answerOf(rule),
    `room: ${roomName(rule, decision, () => '(random)')}`,
  ]);
  const text = [explain(decision), ...verdict, ...answers].join('\n');
  return { text: `${text}\n`, exitCode: rules.length > 0 ? 0 : 1 };
}

/** The rule of a call, or those that a PIN may yet choose, and what the PIN that was given says. */
function chosenBy(
  pin: string | undefined,
  { rule, pinRules }: Extract<Route, { ok: true }>,
): { readonly rules: readonly DispatchRule[]; readonly verdict: readonly string[] } {
  if (pinRules.length === 0) return { rules: [rule], verdict: [] };
  if (pin === undefined) return { rules: pinRules, verdict: [] };
  const named = ruleOfPin(pinRules, pin);
  return named === undefined
    ? { rules: [], verdict: ['refused: wrong-pin'] }
    : { rules: [named], verdict: [`accepted: the PIN is that of rule ${named.id}`] };
}

/** When it is answered; what is usual is not said. */
function answerOf({ policy = DEFAULT_POLICY }: DispatchRule): readonly string[] {
  if (policy.answer === 'at-once') return [];
  const early = policy.earlyMedia === 'none' ? '' : `, early media ${policy.earlyMedia}`;
  return [`answer: ${policy.answer}${early}`];
}

function tokenOf(trunk: string): string {
  return `registration-of-${trunk}`;
}

function factsOf(values: Arguments): Result<CallFacts, string> {
  const { source, asserted, diversion, registered } = values;
  const to = values.to ?? values.called;
  if (to === undefined || to === '') return fail('--to is needed: the number that is dialled');
  if (source === undefined) return fail('--source is needed: the address that the INVITE comes from');
  if (source.includes('/') || !parseNetwork(source).ok)
    return fail(`--source is an IPv4 or IPv6 address, not "${source}"`);
  const transport = TRANSPORTS.find((each) => each === (values.transport ?? 'udp'));
  if (transport === undefined) return fail(`--transport is one of ${TRANSPORTS.join(', ')}`);
  return ok({
    source,
    transport,
    requestUser: values['request-uri'] ?? (registered === undefined ? to : tokenOf(registered)),
    toUser: to,
    fromUser: values.from ?? values.caller ?? 'anonymous',
    assertedUser: asserted,
    calledPartyUser: values['called-party'],
    divertedUser: diversion,
    firstTargetUser: values['history-info'],
    privacy: values.privacy,
  });
}

type Arguments = Extract<ReturnType<typeof readArguments>, { readonly ok: true }>['value'];

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
    'history-info': { type: 'string' },
    registered: { type: 'string' },
    pin: { type: 'string' },
    privacy: { type: 'boolean' },
    config: { type: 'string' },
    dev: { type: 'boolean' },
  } as const;
  try {
    return ok(parseArgs({ args: [...args], options, strict: true }).values);
  } catch (error) {
    return fail(commandLineFault(error));
  }
}
