import { readFileSync } from 'node:fs';
import { Child } from './child.ts';
import { freePortBlock } from './free-ports.ts';
import { newWorkspace } from './workspace.ts';

export interface SippOptions {
  /** Whom a caller calls; who is called only needs none. */
  readonly target: { readonly port: number; readonly user: string };
  /** Its own SIP port, with two for media behind the next; absent: free ones. */
  readonly port?: number;
  readonly calls: number;
  /** New calls a second. */
  readonly rate: number;
  /** How long each call is held, ms. */
  readonly holdMs?: number;
  readonly transport?: 'udp' | 'tcp';
  /** A scenario file instead of the built-in `uac`. */
  readonly scenario?: string;
  /** What the scenario has for `[name]`. */
  readonly keys?: Readonly<Record<string, string>>;
  /** How many of a hundred messages SIPp throws away, of those it gets and of those it sends. */
  readonly lostPercent?: number;
  /** Whole run's limit, ms: calls that never end keep SIPp waiting for ever. */
  readonly withinMs: number;
}

/** The cumulative last line of SIPp's statistics. */
export interface SippResult {
  readonly exitCode: number | null;
  readonly successful: number;
  readonly failed: number;
  readonly retransmissions: number;
  readonly unexpected: number;
  readonly output: string;
}

/** Runs SIPp to its end. */
export async function runSipp(options: SippOptions): Promise<SippResult> {
  const folder = newWorkspace('sipp');
  const ports = options.port ?? (await freePortBlock(4));
  const scenario = options.scenario === undefined ? ['-sn', 'uac'] : ['-sf', options.scenario];
  const child = new Child('sipp', 'timeout', [
    ...['-k', '5', String(Math.ceil(options.withinMs / 1000)), 'sipp', ...scenario],
    ...[`127.0.0.1:${options.target.port}`, '-s', options.target.user],
    ...['-i', '127.0.0.1', '-p', String(ports), '-mi', '127.0.0.1', '-mp', String(ports + 2)],
    ...['-r', String(options.rate), '-m', String(options.calls), '-d', String(options.holdMs ?? 0)],
    ...['-t', options.transport === 'tcp' ? 't1' : 'u1', '-l', '9000', '-nostdin'],
    ...Object.entries(options.keys ?? {}).flatMap(([name, value]) => ['-key', name, value]),
    ...(options.lostPercent === undefined ? [] : ['-lost', String(options.lostPercent)]),
    ...[
      '-trace_stat',
      '-stf',
      `${folder}/statistics.csv`,
      '-fd',
      '1',
      '-trace_err',
      '-error_file',
      `${folder}/errors.log`,
    ],
  ]);
  const exit = await child.exited;
  const statistics = lastLine(readFileSync(`${folder}/statistics.csv`, 'utf8'));
  return {
    exitCode: exit.code,
    successful: statistics('SuccessfulCall(C)'),
    failed: statistics('FailedCall(C)'),
    retransmissions: statistics('Retransmissions(C)'),
    unexpected: statistics('FailedUnexpectedMessage(C)'),
    output: child.tail(60),
  };
}

function lastLine(csv: string): (column: string) => number {
  const lines = csv.trim().split('\n');
  const names = lines[0]!.split(';');
  const values = lines.at(-1)!.split(';');
  return (column) => {
    const at = names.indexOf(column);
    if (at < 0) throw new Error(`SIPp's statistics have no column ${column}`);
    return Number(values[at]);
  };
}
