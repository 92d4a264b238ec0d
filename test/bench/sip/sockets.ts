/** Rows on real sockets: gateway and caller each in a process of its own. */
import { type ChildProcess, fork } from 'node:child_process';
import { Authority } from '../../support/certificates.ts';
import type { Question, Usage } from './gateway.ts';
import type { LoadOptions, LoadResult } from './load.ts';

export interface SocketRow {
  readonly transport: 'udp' | 'tcp' | 'tls';
  readonly rate: number;
  readonly seconds: number;
  /** Calls that are up meanwhile. */
  readonly up: number;
}

export interface SocketResult extends LoadResult {
  /** CPU a call, µs: of the whole process, and of its signaling thread. */
  readonly cpu: number;
  readonly cpuOfSignaling: number;
}

/** The gateway of `gateway.ts` in its process. */
export class BenchGateway {
  readonly port: number;
  readonly tlsPort: number;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, ports: { port: number; tlsPort: number }) {
    this.#process = process;
    this.port = ports.port;
    this.tlsPort = ports.tlsPort;
  }

  static async start(): Promise<BenchGateway> {
    const { certificate, key } = new Authority().issue('gateway', 'IP:127.0.0.1');
    const child = fork(new URL('./gateway.ts', import.meta.url), [certificate, key], {
      execArgv: ['--expose-gc', ...(process.env['BENCH_NODE_OPTIONS'] ?? '').split(' ').filter(Boolean)],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    return new BenchGateway(child, await answerOf(child));
  }

  ask(question: Question): Promise<Usage> {
    const answer = answerOf<Usage>(this.#process);
    this.#process.send(question);
    return answer;
  }

  /** Makes calls over `transport`; what the generator says of them. */
  load(options: Omit<LoadOptions, 'port'>): Promise<LoadResult> {
    const port = options.transport === 'tls' ? this.tlsPort : this.port;
    const child = fork(new URL('./load.ts', import.meta.url), [JSON.stringify({ ...options, port })], {
      execArgv: [],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    let output = '';
    child.stdout?.on('data', (bytes: Buffer) => {
      output += bytes.toString();
    });
    return new Promise((resolve, reject) => {
      child.once('exit', (code) => {
        if (code === 0) resolve(JSON.parse(output) as LoadResult);
        else reject(new Error(`the caller ended with ${code}`));
      });
    });
  }

  async stop(): Promise<void> {
    const exited = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.send('stop' satisfies Question);
    await exited;
  }
}

function answerOf<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const died = () => reject(new Error('the gateway ended'));
    child.once('exit', died);
    child.once('message', (message) => {
      child.off('exit', died);
      resolve(message as T);
    });
  });
}

/**
 * Calls of the warm-up: until then functions are compiled, again and again, and the heap grows, which a gateway does once in its
 * life. A row that is slow has fewer, so that it does not take minutes.
 */
const WARM_CALLS = 20_000;
const WARM_SECONDS = 20;

/** Measures one row: first `up` calls that stay, a warm-up, then the calls that count. */
export async function measure({ transport, rate, seconds, up }: SocketRow): Promise<SocketResult> {
  const gateway = await BenchGateway.start();
  try {
    if (up > 0)
      await gateway.load({ transport, rate: Math.min(rate, 1000), calls: up, ends: 'stay', run: 'u' });
    const warm = Math.min(WARM_CALLS, rate * WARM_SECONDS);
    await gateway.load({ transport, rate, calls: warm, ends: 'bye', run: 'w' });
    const before = await gateway.ask('usage');
    const calls = rate * seconds;
    const result = await gateway.load({ transport, rate, calls, ends: 'bye', run: 'm' });
    const after = await gateway.ask('usage');
    return {
      ...result,
      cpu: (after.cpu - before.cpu) / calls,
      cpuOfSignaling: (after.cpuOfSignaling - before.cpuOfSignaling) / calls,
    };
  } finally {
    await gateway.stop();
  }
}
