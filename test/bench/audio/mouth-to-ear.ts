/**
 * `npm run audio:mouth-to-ear`: how long speech takes between a phone and a browser, on this machine, and what becomes of
 * it; writes the table into docs/AUDIO.md. On a machine that does nothing else, for it measures real time.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { measureMouthToEar } from '../../support/ears/mouth-to-ear.ts';
import type { Score } from '../../support/ears/score.ts';
import { repositoryRoot } from '../../support/root.ts';

const DOCUMENT = `${repositoryRoot}docs/AUDIO.md`;
const BEGIN = '<!-- begin audio:mouth-to-ear -->';
const END = '<!-- end audio:mouth-to-ear -->';
/** What is promised, unloaded, ms. */
const WAYS = [
  { way: 'phoneToBrowser', name: 'phone → browser', goal: 150 },
  { way: 'browserToPhone', name: 'browser → phone', goal: 130 },
] as const;
/** A load above which the numbers say nothing of the gateway. */
const QUIET = 0.7;

const load = loadavg()[0]!;
if (load > QUIET)
  console.log(`The load is ${load.toFixed(1)}: something else runs here, and delays will be its.`);
const heard = await measureMouthToEar({ windows: 5, seconds: 8 });

/** The median of the windows, and between which two they lie. */
function spread(scores: readonly Score[], of: (score: Score) => number, digits: number): string {
  const values = scores.map(of).sort((a, b) => a - b);
  const [least, median, most] = [values[0]!, values[values.length >> 1]!, values.at(-1)!];
  return `${median.toFixed(digits)} (${least.toFixed(digits)} … ${most.toFixed(digits)})`;
}

const table = [
  '| way | delay, ms | goal | its 95th percentile | longest gap, ms | level, dB | STOI |',
  '|---|---|---|---|---|---|---|',
  ...WAYS.map(({ way, name, goal }) => {
    const scores = heard[way];
    const cells = [
      spread(scores, ({ delayMs }) => delayMs, 0),
      `${goal}`,
      spread(scores, ({ delay95Ms }) => delay95Ms, 0),
      spread(scores, ({ gapMs }) => gapMs, 0),
      spread(scores, ({ levelDb }) => levelDb, 1),
      spread(scores, ({ stoi }) => stoi, 3),
    ];
    return `| ${name} | ${cells.join(' | ')} |`;
  }),
].join('\n');
console.log(table);

if (load > QUIET) console.log('docs/AUDIO.md stays as it is.');
else {
  const [before, rest] = readFileSync(DOCUMENT, 'utf8').split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`docs/AUDIO.md lacks ${BEGIN} … ${END}`);
  writeFileSync(DOCUMENT, `${before}${BEGIN}\n${table}\n${END}${after}`);
}
