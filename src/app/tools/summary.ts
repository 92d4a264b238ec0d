/** The carrier's report: what became of the calls, in a table. */
import { percentile } from './meter.ts';
import type { AudioVerdict } from './verdict.ts';

/** What became of one call. */
export interface CallOutcome {
  readonly number: string;
  readonly room: string;
  /** INVITE to 200, ms; undefined when it was not answered. */
  readonly setupMs: number | undefined;
  /** `answered`, or why not: a status, `timeout`, `transport`, or `dropped` when the far end ended it early. */
  readonly status: string;
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly jitterMs: number;
  readonly longestGapMs: number;
  readonly audio: AudioVerdict | undefined;
}

/** What is wrong with a call, in a word each; empty when it is good. A break of its RTP over `gapMs` is wrong. */
export function callFaults(call: CallOutcome, gapMs: number): string[] {
  if (call.status !== 'answered') return [call.status];
  const faults: string[] = [];
  if (call.received === 0) faults.push('no RTP');
  if (call.lost > 0) faults.push(`${call.lost} packets lost`);
  if (call.longestGapMs > gapMs) faults.push(`a gap of ${Math.round(call.longestGapMs)} ms`);
  if (call.audio !== undefined) {
    const { expected, heard, hearsItself } = call.audio;
    if (heard < expected) faults.push(`heard ${heard} of ${expected} others`);
    if (hearsItself) faults.push('heard itself');
  }
  return faults;
}

/** The whole report, line by line; the faulty calls by number, twenty of them at most. */
export function summaryTable(calls: readonly CallOutcome[], gapMs: number): string[] {
  const setups = calls.flatMap((call) => call.setupMs ?? []);
  const faulty = calls.filter((call) => callFaults(call, gapMs).length > 0);
  const judged = calls.flatMap((call) => call.audio ?? []);
  const rows: [string, string][] = [
    ['calls', `${calls.length}: ${countBy(calls.map((call) => call.status))}`],
    ['good', `${calls.length - faulty.length} of ${calls.length}`],
    ['set-up time', setups.length === 0 ? '-' : spread(setups)],
    ['packets', `${sum(calls, 'sent')} sent, ${sum(calls, 'received')} received, ${sum(calls, 'lost')} lost`],
    ['jitter', `${Math.max(0, ...calls.map((call) => call.jitterMs)).toFixed(1)} ms at worst`],
    ['longest gap', spread(calls.map((call) => call.longestGapMs))],
    [
      'audio',
      `${judged.reduce((total, verdict) => total + verdict.heard, 0)} of ` +
        `${judged.reduce((total, verdict) => total + verdict.expected, 0)} pairs heard, ` +
        `${judged.filter((verdict) => verdict.hearsItself).length} calls heard themselves`,
    ],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`),
    ...faulty
      .slice(0, 20)
      .map((call) => `  ${call.number} in ${call.room}: ${callFaults(call, gapMs).join(', ')}`),
    ...(faulty.length > 20 ? [`  … and ${faulty.length - 20} more`] : []),
  ];
}

function spread(values: readonly number[]): string {
  const [median, high, most] = [percentile(values, 0.5), percentile(values, 0.95), Math.max(...values)];
  return `p50 ${median.toFixed(0)} ms, p95 ${high.toFixed(0)} ms, worst ${most.toFixed(0)} ms`;
}

function countBy(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ');
}

function sum(calls: readonly CallOutcome[], field: 'sent' | 'received' | 'lost'): number {
  return calls.reduce((total, call) => total + call[field], 0);
}
