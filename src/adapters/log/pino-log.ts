import { Writable } from 'node:stream';
import { pino } from 'pino';
import pretty from 'pino-pretty';
import type { Log } from '../../base/log.ts';

/** How the log is written. */
export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** `auto`: pretty on a terminal, else one JSON object a line. */
  readonly format: 'auto' | 'pretty' | 'json';
  /** Where lines go, and whether a person reads there. */
  readonly output: LogOutput;
}

/** The part of a stream that the log needs; `process.stdout` is one. */
export interface LogOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Names of fields that never show, should one be logged by mistake; on the first two levels. */
const SECRET_FIELDS = [
  'secret',
  'password',
  'pwd',
  'token',
  'authorization',
  'credential',
  'key',
  'digit',
  'pin',
];

/** A log on pino. Written at once, so that the last line before a crash is there. */
export function openLog({ level, format, output }: LogOptions): Log {
  const isPretty = format === 'pretty' || (format === 'auto' && output.isTTY === true);
  const sink = isPretty
    ? pretty({
        destination: writable(output),
        colorize: output.isTTY === true,
        sync: true,
        ignore: 'pid,hostname',
        translateTime: 'SYS:HH:MM:ss.l',
        singleLine: true,
      })
    : { write: (line: string) => void output.write(line) };
  const paths = SECRET_FIELDS.flatMap((name) => [name, `*.${name}`]);
  return pino({ level, base: null, redact: { paths, censor: '[hidden]' } }, sink);
}

/** pino-pretty asks for a stream; it only writes to it. */
function writable(output: LogOutput): Writable {
  return new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      output.write(text);
      done();
    },
  });
}
