/**
 * Two hosts in network namespaces of this machine, a wire between them, and a bad line on the way of UDP out of one.
 * Needs root, iptables, gcc and libnetfilter-queue-dev.
 */
import type { Child } from '../support/child.ts';
import { repositoryRoot } from '../support/root.ts';
import { newWorkspace } from '../support/workspace.ts';
import { LabHost, runToEnd } from './host.ts';

/** A private range, which the development trunk lets in. */
const ADDRESSES = { near: '10.203.77.1', far: '10.203.77.2' } as const;
const QUEUE = '7';

export type Host = keyof typeof ADDRESSES;

/** What the far host's UDP suffers on its way to the near one: ms, percent, packets. */
export interface BadLine {
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly lossPercent: number;
  readonly burst: number;
  readonly seed: number;
  /** A rate that the line does not exceed, and how long packets may wait for it. */
  readonly rate?: { readonly kbitPerSecond: number; readonly queueMs: number };
}

/** Both hosts. */
export class TwoHosts {
  readonly #hosts: Partial<Record<Host, LabHost>> = {};
  #line: Child | undefined;

  private constructor() {}

  /** Makes them, or says why this machine cannot. */
  static make(): TwoHosts | string {
    const both = new TwoHosts();
    try {
      both.#make();
      return both;
    } catch (error) {
      both.remove();
      return (error as Error).message;
    }
  }

  #make(): void {
    const near = new LabHost(`trn${process.pid}`);
    this.#hosts.near = near;
    const far = new LabHost(`trf${process.pid}`);
    this.#hosts.far = far;
    near.wire('eth0', far, 'eth0');
    near.ip(`addr add ${ADDRESSES.near}/24 dev eth0`);
    far.ip(`addr add ${ADDRESSES.far}/24 dev eth0`);
    // By iptables, not nftables: kernels of sandboxes often have its queue only. Passes all until somebody listens.
    far.run(
      'iptables',
      ...'-A OUTPUT -o eth0 -p udp -j NFQUEUE --queue-bypass --queue-num'.split(' '),
      QUEUE,
    );
  }

  /** A host's address. */
  address(host: Host): string {
    return ADDRESSES[host];
  }

  /** Starts a process on a host. */
  start(host: Host, name: string, program: string, args: readonly string[], env = {}): Child {
    return this.#host(host).start(name, program, args, env);
  }

  /** A command that runs a program on a host, as a file that takes the program's arguments. */
  wrapper(host: Host, program: string): string {
    return this.#host(host).wrapper(program);
  }

  /** Makes the line bad from now on. Rejects when there is no compiler. */
  async impair({ delayMs, jitterMs, lossPercent, burst, seed, rate }: BadLine): Promise<void> {
    const binary = `${newWorkspace('lab')}/impair`;
    const source = `${repositoryRoot}test/lab/impair.c`;
    runToEnd('gcc', ['-O2', source, '-o', binary, '-lnetfilter_queue', '-lnfnetlink']);
    const limit = rate === undefined ? [] : [rate.kbitPerSecond, rate.queueMs];
    const numbers = [delayMs, jitterMs, lossPercent, burst, seed, ...limit].map(String);
    this.#line = this.start('far', 'impair', binary, [QUEUE, ...numbers]);
    await this.#line.waitForOutput(/ready/, 60_000);
  }

  /** Ends the bad line; packets seen and lost. */
  async mend(): Promise<{ seen: number; lost: number }> {
    await this.#line?.stop();
    const [, seen, lost] = /(\d+) packets, (\d+) lost/.exec(this.#line?.output ?? '') ?? [];
    return { seen: Number(seen), lost: Number(lost) };
  }

  /** Takes both away. */
  remove(): void {
    for (const host of Object.values(this.#hosts)) host.remove();
  }

  #host(host: Host): LabHost {
    const found = this.#hosts[host];
    if (found === undefined) throw new Error(`there is no host ${host}`);
    return found;
  }
}
