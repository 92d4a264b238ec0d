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
const SECRET_FIELDS = new Set([
  'secret',
  'password',
  'pwd',
  'token',
  'authorization',
  'credential',
  'key',
  'digit',
  'pin',
]);
const HIDDEN = '[hidden]';

type Fields = Record<string, unknown>;

/** The fields as they may show: themselves, where nothing is to be hidden. pino's own redaction costs more than the line. */
function shown(fields: Fields, inner: (value: object) => object): Fields {
  let copy: Fields | undefined;
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    const may = SECRET_FIELDS.has(name) ? HIDDEN : isObject(value) ? inner(value) : value;
    if (may === value) continue;
    copy ??= { ...fields };
    copy[name] = may;
  }
  return copy ?? fields;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const secondLevel = (value: object) => shown(value as Fields, (deeper) => deeper);
const hidden = (fields: Fields) => shown(fields, secondLevel);

/** A log on pino. Each line is given to the output at once, so that the last line before a crash is there. */
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
  return pino({ level, base: null, formatters: { log: hidden } }, sink);
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
