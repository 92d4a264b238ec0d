#!/usr/bin/env node
import { asksForHelp } from './command-line.ts';
import { readConfig } from './config/read.ts';
import { reportFaults } from './config/report.ts';
import { type CommandResult, explainCommand } from './explain.ts';
import { netcheckCommand } from './netcheck/command.ts';
import { readProvisions } from './provisioning.ts';
import { start } from './start.ts';
import { traceCommand } from './trace-command.ts';

const USAGE = `usage: trunkroom COMMAND [--config FILE] [--dev]

  start    run the gateway until SIGTERM or SIGINT
  check    read the configuration, say what is wrong with it, and exit
  explain  --from NUMBER --to NUMBER --source ADDRESS: what would be done with such a call, and why
  trace    [CALL] [--full] [--pcapng FILE]: what SIP said in a call of the running gateway
  netcheck URL [--token TOKEN] [--json]: which ways of media to a gateway work from here, and what to open in a firewall

  --config FILE   YAML; see docs/CONFIG.md
  --dev           development keys and a trunk open to loopback and private addresses
`;

const [asked, ...rest] = process.argv.slice(2);
/** The others have more to say of themselves. */
const isPlain = asked === 'start' || asked === 'check';
const wantsHelp = asked === undefined || asksForHelp(isPlain ? rest : [asked]);
const command = wantsHelp ? 'help' : asked;

/** What was asked for is output; what was not understood is a complaint. */
function show({ text, exitCode }: CommandResult): void {
  (exitCode === 2 ? process.stderr : process.stdout).write(text);
  process.exitCode = exitCode;
}

switch (command) {
  case 'help':
    process.stdout.write(USAGE);
    break;
  case 'start':
    await start(rest);
    break;
  case 'check': {
    const read = readConfig(rest, process.env);
    const kept = read.ok ? readProvisions(read.value) : undefined;
    if (!read.ok) reportFaults(read.error);
    else if (kept?.ok === false) process.stderr.write(`${kept.error.join('\n')}\n`);
    else process.stdout.write('the configuration is good\n');
    if (!read.ok || kept?.ok === false) process.exitCode = 2;
    break;
  }
  case 'explain':
    show(explainCommand(rest, process.env));
    break;
  case 'trace':
    show(await traceCommand(rest, process.env));
    break;
  case 'netcheck':
    show(await netcheckCommand(rest, process.env));
    break;
  default:
    show({ text: `there is no command ${command}\n\n${USAGE}`, exitCode: 2 });
}
