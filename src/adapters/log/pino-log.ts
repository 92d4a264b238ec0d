import { Writable } from 'node:stream';
import { pino } from 'pino';
import pretty from 'pino-pretty';
import type { Log } from '../../base/log.ts';
import { hidden } from './secrets.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error';

/** A log that takes lines whose fields are JSON already. */
export interface LineLog extends Log {
  /** `fields`: JSON without its braces, with nothing in it that may not show; `message` is one of the program's own. */
  line(level: Level, fields: string, message: string): void;
}

/** How the log is written. */
export interface LogOptions {
  readonly level: Level;
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

/** A log on pino. Each line is given to the output at once, so that the last line before a crash is there. */
export function openLog({ level, format, output }: LogOptions): LineLog {
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
  const log: Log = pino({ level, base: null, formatters: { log: hidden } }, sink);
  const { values } = pino.levels;
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
    line(of, fields, message) {
      if (values[of]! < values[level]!) return;
      // What pino would have written: the pretty printer reads it, and so does whoever gathers logs.
      sink.write(`{"level":${values[of]},"time":${Date.now()},${fields},"msg":"${message}"}\n`);
    },
  };
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
