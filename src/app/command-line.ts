import { fail, ok, type Result } from '../base/result.ts';

/** A whole number of the command line, in bounds; the fault is a sentence. */
export function integerOption(
  name: string,
  text: string,
  least: number,
  most: number,
): Result<number, string> {
  const value = Number(text);
  const good = /^\d+$/.test(text) && value >= least && value <= most;
  return good ? ok(value) : fail(`${name} is a whole number from ${least} to ${most}, not "${text}"`);
}

/** What node:util's parseArgs threw, without its advice on how to pass file names that begin with a dash. */
export function commandLineFault(error: unknown): string {
  return (error as Error).message.split('. ')[0]!;
}

/** What to say to who has called a command wrongly: why, and how it is called. */
export function wrongUse(why: Result<unknown, string>, usage: string): string {
  return why.ok ? usage : `${why.error}\n\n${usage}`;
}

/** Whether somebody wants to be told how a command is called. */
export function asksForHelp(args: readonly string[]): boolean {
  return args.includes('--help') || args.includes('-h');
}
