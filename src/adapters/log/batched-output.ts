import { TurnBatch } from '../../base/turn-batch.ts';
import type { LogOutput } from './pino-log.ts';

/**
 * Writes the lines of one turn of the event loop with one write, for a busy gateway has several for each call. What is gathered when
 * the process exits is written then; only a process that is killed in the middle of a turn loses that turn's lines. A terminal is
 * written to at once.
 */
export function batchedOutput(output: LogOutput, onExit: (flush: () => void) => void): LogOutput {
  if (output.isTTY === true) return output;
  const lines = new TurnBatch<string>((batch) => output.write(batch.join('')), { atEnd: setImmediate });
  onExit(() => lines.flush());
  return { isTTY: false, write: (line) => lines.push(line) };
}
