import { banner } from './banner.ts';
import { type Gateway, openGateway } from './compose.ts';
import { readConfig } from './config/read.ts';
import { reportFaults } from './config/report.ts';
import { withDiscovered } from './discover-addresses.ts';
import { StartupError } from './startup-error.ts';

/** How long everybody has to be told and every socket to close, ms. */
const SHUTDOWN_MS = 4500;

/**
 * Runs the gateway until SIGTERM or SIGINT, and for `node.shutdown_grace` on while there are calls. Exit codes: 0 after a clean stop, 1 when it could not start or failed,
 * 2 for a bad configuration or command line.
 */
export async function start(argv: readonly string[]): Promise<void> {
  const beganAt = performance.now();
  const read = readConfig(argv, process.env);
  if (!read.ok) {
    reportFaults(read.error);
    process.exitCode = 2;
    return;
  }
  let gateway: Gateway;
  let startup = read.value;
  try {
    const discovered = await withDiscovered(startup);
    startup = discovered.startup;
    gateway = await openGateway(startup);
    for (const event of discovered.events) gateway.emit(event);
  } catch (error) {
    // What is not the operator's to mend is a bug, and comes with its stack.
    const isPlain = error instanceof StartupError || !(error instanceof Error);
    process.stderr.write(
      `${isPlain ? String(error instanceof Error ? error.message : error) : error.stack}\n`,
    );
    process.exit(1);
  }
  const startupMs = performance.now() - beganAt;
  gateway.emit({ type: 'gateway.ready', startupMs, addresses: startup.addresses, ...gateway.engines });
  process.stdout.write(banner(startup, startupMs));

  let phase: 'running' | 'draining' | 'stopping' = 'running';
  const stop = (signal: NodeJS.Signals) => {
    if (phase === 'stopping') return;
    phase = 'stopping';
    gateway.emit({ type: 'gateway.stopping', signal });
    const late = setTimeout(() => process.exit(0), SHUTDOWN_MS);
    void gateway.stop().then(() => {
      clearTimeout(late);
      process.exit(0);
    });
  };
  const onSignal = (signal: NodeJS.Signals) => {
    // A signal while calls go on means: no longer. One while they are being ended means: at once.
    if (phase === 'stopping') process.exit(1);
    if (phase === 'draining') stop(signal);
    else {
      phase = 'draining';
      gateway.drain(() => stop(signal));
    }
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
