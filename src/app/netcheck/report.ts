import { type Finding, lossOf, type Measured } from '../../netcheck/findings.ts';
import {
  adviceOf,
  lossText,
  rttText,
  targetText,
  verdictOf,
  verdictText,
  wayName,
} from '../../netcheck/words.ts';

/** What came of a test. */
export interface NetcheckResult {
  readonly findings: readonly Finding[];
  /** Of the WebSocket itself. */
  readonly signaling: Measured;
}

/** The test as a table, a verdict and what to do. */
export function asTable(base: string, { findings, signaling }: NetcheckResult): string {
  const rows = [
    ['', 'way', 'where', 'RTT', 'lost'],
    ['ok', 'Signaling (WebSocket)', base, rttText(signaling), ''],
    ...findings.map((finding) => [
      finding.works ? 'ok' : '--',
      wayName(finding.way),
      targetText(finding.way),
      finding.works ? rttText(finding.measured) : '',
      finding.works ? lossText(finding.measured) : '',
    ]),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const failures = findings.flatMap((finding) =>
    finding.works || finding.detail === '' ? [] : [`  ${wayName(finding.way)}: ${finding.detail}`],
  );
  const blocks = [lines, failures, [verdictText(findings)], adviceOf(findings).map((said) => `- ${said}`)];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

/** The test for programs; with a text: why there was none. */
export function asJson(base: string, result: NetcheckResult | string): string {
  const document =
    typeof result === 'string'
      ? { url: base, verdict: 'unreachable', error: result }
      : {
          url: base,
          verdict: verdictOf(result.findings),
          signaling: numbers(result.signaling),
          ways: result.findings.map((finding) => ({
            kind: finding.way.kind,
            targets: finding.way.targets,
            works: finding.works,
            ...(finding.works ? numbers(finding.measured) : { detail: finding.detail }),
          })),
          advice: adviceOf(result.findings),
        };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function numbers(measured: Measured): object {
  const { sent, back, rttMs, slowestMs } = measured;
  const rounded = (value: number) => Math.round(100 * value) / 100;
  return {
    sent,
    back,
    loss: rounded(lossOf(measured)),
    rttMs: rounded(rttMs),
    slowestMs: rounded(slowestMs),
  };
}
