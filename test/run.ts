/**
 * `npm test`: gets the peers, builds the page, runs every test, and says the sum on the last line as
 * `N passed, N failed`. Exit code 0 only when something passed and nothing failed. Nothing is ever skipped silently:
 * a peer that is missing and cannot be installed is a failure.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { buildPage } from './support/build-page.ts';
import { ensurePeers } from './support/peers.ts';
import { productNode, repositoryRoot } from './support/root.ts';

const TIERS = ['unit', 'protocol', 'interop', 'sound'] as const;

interface TierResult {
  readonly tier: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
}

/** The parts of vitest's JSON report that are read here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { status: string; name: string; assertionResults: readonly unknown[] }[];
}

function main(): number {
  const results: TierResult[] = [];
  const missing = ensurePeers();
  if (missing.length > 0) {
    console.error(
      `Missing, and not installable here: ${missing.join(', ')}. As root: apt-get install ${missing.join(' ')}`,
    );
    results.push({ tier: 'peers', passed: 0, failed: missing.length, skipped: 0, seconds: 0 });
  }
  if (!buildPage()) results.push({ tier: 'page', passed: 0, failed: 1, skipped: 0, seconds: 0 });
  for (const tier of TIERS) {
    if (
      tier !== 'unit' &&
      results.some(({ failed, tier: of }) => failed > 0 && (of === 'peers' || of === 'page'))
    )
      continue;
    results.push(runTier(tier));
  }
  return summarise(results);
}

function runTier(tier: string): TierResult {
  const folder = `${repositoryRoot}test/.out`;
  const file = `${folder}/report-${tier}.json`;
  mkdirSync(folder, { recursive: true });
  rmSync(file, { force: true });
  const startedAt = performance.now();
  const vitest = `${repositoryRoot}node_modules/vitest/vitest.mjs`;
  const args = [
    vitest,
    'run',
    '--project',
    tier,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ];
  const run = spawnSync(productNode, args, { cwd: repositoryRoot, stdio: 'inherit' });
  const seconds = (performance.now() - startedAt) / 1000;
  if (!existsSync(file)) return { tier, passed: 0, failed: 1, skipped: 0, seconds };
  const report: Report = JSON.parse(readFileSync(file, 'utf8'));
  // A file that could not even be loaded has no tests in the report, but is a failure all the same.
  const broken = report.testResults.filter(
    (each) => each.status === 'failed' && each.assertionResults.length === 0,
  );
  let failed = report.numFailedTests + broken.length;
  // Unhandled errors outside of any test show in the exit code alone.
  if (run.status !== 0 && failed === 0) failed = 1;
  const skipped = report.numPendingTests + report.numTodoTests;
  return { tier, passed: report.numPassedTests, failed, skipped, seconds };
}

function summarise(results: readonly TierResult[]): number {
  console.log('');
  for (const { tier, passed, failed, skipped, seconds } of results) {
    const rest = skipped > 0 ? `, ${skipped} skipped` : '';
    console.log(`${tier.padEnd(8)} ${passed} passed, ${failed} failed${rest} in ${seconds.toFixed(0)} s`);
  }
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

process.exitCode = main();
