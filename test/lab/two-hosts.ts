/**
 * Two hosts in network namespaces of this machine, a wire between them, and a bad line on the way of UDP out of one.
 * Needs root, iptables, gcc and libnetfilter-queue-dev.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Child } from '../support/child.ts';
import { repositoryRoot } from '../support/root.ts';
import { newWorkspace } from '../support/workspace.ts';

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

function run(command: string, ...args: string[]): string | undefined {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? undefined : `${command} ${args.join(' ')}: ${error?.message ?? stderr}`;
}

/** Both hosts. */
export class TwoHosts {
  readonly #names: Readonly<Record<Host, string>>;
  #line: Child | undefined;

  private constructor(names: Readonly<Record<Host, string>>) {
    this.#names = names;
  }

  /** Makes them, or says why this machine cannot. */
  static make(): TwoHosts | string {
    const hosts = new TwoHosts({ near: `trn${process.pid}`, far: `trf${process.pid}` });
    const { near, far } = hosts.#names;
    const steps: string[][] = [
      ['netns', 'add', near],
      ['netns', 'add', far],
      ['link', 'add', 'eth0', 'netns', near, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', far],
    ];
    for (const host of ['near', 'far'] as const) {
      const name = hosts.#names[host];
      steps.push(['-n', name, 'addr', 'add', `${ADDRESSES[host]}/24`, 'dev', 'eth0']);
      for (const link of ['lo', 'eth0']) steps.push(['-n', name, 'link', 'set', link, 'up']);
    }
    for (const step of steps) {
      const fault = run('ip', ...step);
      if (fault === undefined) continue;
      hosts.remove();
      return fault;
    }
    // By iptables, not nftables: kernels of sandboxes often have its queue only. Passes all until somebody listens.
    const rule = '-A OUTPUT -o eth0 -p udp -j NFQUEUE --queue-bypass --queue-num'.split(' ');
    const fault = hosts.#run('far', 'iptables', ...rule, QUEUE);
    if (fault === undefined) return hosts;
    hosts.remove();
    return fault;
  }

  /** A host's address. */
  address(host: Host): string {
    return ADDRESSES[host];
  }

  /** Starts a process on a host. */
  start(host: Host, name: string, command: string, args: readonly string[], env = {}): Child {
    return new Child(name, 'ip', ['netns', 'exec', this.#names[host], command, ...args], env);
  }

  /** A command that runs a program on a host, as a file that takes the program's arguments. */
  wrapper(host: Host, program: string): string {
    const path = `${newWorkspace('lab')}/on-${host}`;
    writeFileSync(path, `#!/bin/sh\nexec ip netns exec ${this.#names[host]} ${program} "$@"\n`, {
      mode: 0o755,
    });
    return path;
  }

  /** Makes the line bad from now on. Rejects when there is no compiler. */
  async impair({ delayMs, jitterMs, lossPercent, burst, seed, rate }: BadLine): Promise<void> {
    const binary = `${newWorkspace('lab')}/impair`;
    const source = `${repositoryRoot}test/lab/impair.c`;
    const fault = run('gcc', '-O2', source, '-o', binary, '-lnetfilter_queue', '-lnfnetlink');
    if (fault !== undefined) throw new Error(fault);
    const limit = rate === undefined ? [] : [rate.kbitPerSecond, rate.queueMs];
    const numbers = [delayMs, jitterMs, lossPercent, burst, seed, ...limit].map(String);
    this.#line = this.start('far', 'impair', binary, [QUEUE, ...numbers]);
    await this.#line.waitForOutput(/ready/, 5000);
  }

  /** Ends the bad line; packets seen and lost. */
  async mend(): Promise<{ seen: number; lost: number }> {
    await this.#line?.stop();
    const [, seen, lost] = /(\d+) packets, (\d+) lost/.exec(this.#line?.output ?? '') ?? [];
    return { seen: Number(seen), lost: Number(lost) };
  }

  /** Takes both away. */
  remove(): void {
    for (const name of Object.values(this.#names)) run('ip', 'netns', 'del', name);
  }

  #run(host: Host, command: string, ...args: string[]): string | undefined {
    return run('ip', 'netns', 'exec', this.#names[host], command, ...args);
  }
}
