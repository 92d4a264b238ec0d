import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from './eventually.ts';
import { repositoryRoot } from './root.ts';

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A peer or the product as a process of its own: collects what it prints, and ends it by its pid only. */
export class Child {
  readonly name: string;
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;
  #output = '';
  #exit: Exit | undefined;

  constructor(
    name: string,
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ) {
    this.name = name;
    this.#process = spawn(command, args, {
      cwd: repositoryRoot,
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#process.stdin?.on('error', () => {});
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    this.exited = new Promise((resolve) => {
      this.#process.once('error', (error) => {
        this.#take(`${error.message}\n`);
        this.#exit = { code: null, signal: null };
        resolve(this.#exit);
      });
      this.#process.once('close', (code, signal) => {
        this.#exit = { code, signal };
        resolve(this.#exit);
      });
    });
  }

  /** Both outputs so far. At most the last 4 MB are kept. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#process.pid ?? -1;
  }

  /** How it ended, or undefined while it runs. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** Writes to its standard input. */
  type(text: string): void {
    this.#process.stdin?.write(text);
  }

  /** Waits until `pattern` stands in the output; fails at once when the process ends without it. */
  async waitForOutput(pattern: RegExp, withinMs: number): Promise<RegExpMatchArray> {
    const match = await eventually(`${this.name} prints ${pattern}\n${this.tail()}`, withinMs, () => {
      const found = this.#output.match(pattern);
      if (found !== null) return { found };
      return this.#exit === undefined ? undefined : { found: null };
    });
    if (match.found !== null) return match.found;
    throw new Error(`${this.name} ended (${JSON.stringify(this.#exit)}) without ${pattern}:\n${this.tail()}`);
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#exit === undefined) this.#process.kill(signal);
  }

  /** SIGTERM, then SIGKILL when it has not ended after `withinMs`. */
  async stop(withinMs = 5000): Promise<Exit> {
    this.signal('SIGTERM');
    const patience = new AbortController();
    const ended = await Promise.race([
      this.exited,
      sleep(withinMs, undefined, { signal: patience.signal }).catch(() => undefined),
    ]);
    patience.abort();
    if (ended === undefined) this.signal('SIGKILL');
    return this.exited;
  }

  /** The last lines of the output, for failures. */
  tail(lines = 40): string {
    return this.#output.split('\n').slice(-lines).join('\n');
  }

  #take(text: string): void {
    this.#output = (this.#output + text).slice(-4_000_000);
  }
}
