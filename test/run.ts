/**
 * `npm test`: gets the peers, builds the page, runs every test, and says the sum on the last line as
 * `N passed, N failed`. Exit code 0 only when something passed and nothing failed. Nothing is ever skipped silently:
 * a peer that is missing and cannot be installed is a failure. With names of tiers it runs those only.
 *
 * Of the tiers with real peers a file that failed is run a second time, in a process of its own and alone: the clock there is the world's, and the
 * machine's host may take a core away for a second. It starts anew, so that nothing of the first run is in its way, and the sum names it. Where many
 * files failed none is.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { buildPage } from './support/build-page.ts';
import { ensurePeers } from './support/peers.ts';
import { productNode, repositoryRoot } from './support/root.ts';
import { type Counts, counted, type Report, withSecondRun, worthASecondRun } from './support/tier-report.ts';

const TIERS = ['unit', 'protocol', 'interop', 'sound'] as const;

interface TierResult extends Counts {
  readonly tier: string;
  readonly seconds: number;
  /** Files that were run twice. */
  readonly again: readonly string[];
}

/** One run of vitest. */
interface Run {
  readonly exitCode: number | null;
  /** Undefined: it did not come so far as to write one. */
  readonly report: Report | undefined;
}

function main(): number {
  const asked = process.argv.slice(2);
  const strange = asked.filter((name) => !TIERS.some((tier) => tier === name));
  if (strange.length > 0) {
    console.error(`No such tier: ${strange.join(', ')}. There are: ${TIERS.join(', ')}`);
    return 2;
  }
  const results: TierResult[] = [];
  const missing = ensurePeers();
  if (missing.length > 0) {
    console.error(
      `Missing, and not installable here: ${missing.join(', ')}. As root: apt-get install ${missing.join(' ')}`,
    );
    results.push(failure('peers', missing.length, 0));
  }
  if (!buildPage()) results.push(failure('page', 1, 0));
  const canMeetPeers = results.length === 0;
  for (const tier of TIERS) {
    if (asked.length > 0 && !asked.includes(tier)) continue;
    if (tier === 'unit' || canMeetPeers) results.push(runTier(tier));
  }
  return summarise(results);
}

function failure(tier: string, failed: number, seconds: number): TierResult {
  return { tier, passed: 0, failed, skipped: 0, seconds, again: [] };
}

function runTier(tier: (typeof TIERS)[number]): TierResult {
  const startedAt = performance.now();
  const first = vitest(tier, `report-${tier}.json`, []);
  let { report } = first;
  // Its property tests begin with another seed each time: what they find once is found.
  const again = report === undefined || tier === 'unit' ? [] : worthASecondRun(report);
  let failedOtherwise = first.exitCode !== 0 && again.length === 0;
  for (const [i, file] of again.entries()) {
    console.log(`\nA second time, and alone: ${nameOf(file)}`);
    const second = vitest(tier, `report-${tier}-again-${i}.json`, [file]);
    if (second.exitCode !== 0) failedOtherwise = true;
    if (report !== undefined && second.report !== undefined) report = withSecondRun(report, second.report);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  if (report === undefined) return failure(tier, 1, seconds);
  const counts = counted(report);
  // Unhandled errors outside of any test show in the exit code alone.
  const failed = counts.failed === 0 && failedOtherwise ? 1 : counts.failed;
  return { ...counts, failed, tier, seconds, again: again.map(nameOf) };
}

/** Runs a tier, or so many `files` of it. `output` is the name of the report. */
function vitest(tier: string, output: string, files: readonly string[]): Run {
  const folder = `${repositoryRoot}test/.out`;
  const file = `${folder}/${output}`;
  mkdirSync(folder, { recursive: true });
  rmSync(file, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const args = [`${repositoryRoot}node_modules/vitest/vitest.mjs`, 'run', '--project', tier, ...reporters];
  const { status } = spawnSync(productNode, [...args, ...files], { cwd: repositoryRoot, stdio: 'inherit' });
  const report = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : undefined;
  return { exitCode: status, report };
}

function nameOf(file: string): string {
  return file.startsWith(repositoryRoot) ? file.slice(repositoryRoot.length) : file;
}

function summarise(results: readonly TierResult[]): number {
  console.log('');
  for (const { tier, passed, failed, skipped, seconds, again } of results) {
    const rest = skipped > 0 ? `, ${skipped} skipped` : '';
    const twice = again.length > 0 ? `; run twice: ${again.join(', ')}` : '';
    console.log(
      `${tier.padEnd(8)} ${passed} passed, ${failed} failed${rest} in ${seconds.toFixed(0)} s${twice}`,
    );
  }
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

process.exitCode = main();
