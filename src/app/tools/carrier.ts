/** `npm run carrier -- --calls 50 --rate 5`: many real calls with audio, and a judgement on what comes back. */
import { CARRIER_HELP, parseCarrierOptions } from './carrier-options.ts';
import { CarrierRun } from './carrier-run.ts';
import { LiveLine } from './live-line.ts';
import { callFaults, summaryTable } from './summary.ts';
import { targetUri } from './target.ts';

const SHOWN_EVERY_MS = 500;

async function main(): Promise<number> {
  const parsed = parseCarrierOptions(process.argv.slice(2));
  if (!parsed.ok) {
    process.stderr.write(`${parsed.error}\n\n${CARRIER_HELP}`);
    return 2;
  }
  if (parsed.value === 'help') {
    process.stdout.write(CARRIER_HELP);
    return 0;
  }
  const options = parsed.value;
  const line = new LiveLine(process.stdout, () => performance.now());
  const { calls, rate, seconds, rooms } = options;
  line.print(
    `${calls} calls to ${targetUri(options.target)}, ${rate} a second, ${seconds} s each, in ${rooms} ${rooms === 1 ? 'room' : 'rooms'}`,
  );
  const run = await CarrierRun.open(options);
  const stop = () => run.hangUpAll();
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const shown = setInterval(() => line.update(run.progress()), SHOWN_EVERY_MS);
  const outcomes = await run.finished();
  clearInterval(shown);
  line.clear();
  process.stdout.write(`${summaryTable(outcomes, options.longestGapMs).join('\n')}\n`);
  await run.close();
  return outcomes.length === calls &&
    outcomes.every((call) => callFaults(call, options.longestGapMs).length === 0)
    ? 0
    : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
