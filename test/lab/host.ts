import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Child } from '../support/child.ts';
import { newWorkspace } from '../support/workspace.ts';

/** Runs a command to its end. Throws what it said when it fails. */
export function runToEnd(name: string, args: readonly string[], input = ''): void {
  const { status, stderr, error } = spawnSync(name, args, { encoding: 'utf8', input });
  if (status !== 0) throw new Error(`${name} ${args.join(' ')}: ${error?.message ?? stderr}`);
}

/** A host in a network namespace of this machine, with nothing but loopback at first. Needs root and iproute2; throws without. */
export class LabHost {
  readonly #namespace: string;

  constructor(namespace: string) {
    this.#namespace = namespace;
    runToEnd('ip', ['netns', 'add', namespace]);
    this.ip('link set lo up');
  }

  /** An `ip` command on the host, in words as one types it. */
  ip(words: string): void {
    runToEnd('ip', ['-n', this.#namespace, ...words.split(' ')]);
  }

  /** A command on the host, to its end; throws what it said when it fails. */
  run(name: string, ...args: string[]): void {
    runToEnd('ip', ['netns', 'exec', this.#namespace, name, ...args]);
  }

  /** Puts a wire between a new device of this host and one of another; both are up. */
  wire(device: string, other: LabHost, otherDevice: string): void {
    const far = ['peer', 'name', otherDevice, 'netns', other.#namespace];
    runToEnd('ip', ['link', 'add', device, 'netns', this.#namespace, 'type', 'veth', ...far]);
    this.ip(`link set ${device} up`);
    other.ip(`link set ${otherDevice} up`);
  }

  /** Takes the place of all nftables rules of the host. */
  rules(text: string): void {
    runToEnd('ip', ['netns', 'exec', this.#namespace, 'nft', '-f', '-'], `flush ruleset\n${text}`);
  }

  /** Lets the host pass on what is not for itself. */
  routes(): void {
    this.run('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
  }

  /** Starts a process on the host. */
  start(name: string, program: string, args: readonly string[], env = {}): Child {
    return new Child(name, 'ip', ['netns', 'exec', this.#namespace, program, ...args], env);
  }

  /**
   * A command that runs a program on the host, as a file that takes the program's arguments. Names are those of
   * `hosts`, lines as of `/etc/hosts`: no lab has a DNS, and this program alone sees that none answers.
   */
  wrapper(program: string, hosts: readonly string[] = []): string {
    const folder = newWorkspace('lab');
    const path = `${folder}/${this.#namespace}`;
    writeFileSync(`${folder}/hosts`, ['127.0.0.1 localhost', ...hosts, ''].join('\n'));
    writeFileSync(`${folder}/resolv.conf`, 'nameserver 127.0.0.1\noptions attempts:1\n');
    const mounts = ['hosts', 'resolv.conf'].map((file) => `mount --bind ${folder}/${file} /etc/${file}`);
    const inside = `sh -c '${mounts.join(' && ')} && exec "$0" "$@"' ${program}`;
    writeFileSync(path, `#!/bin/sh\nexec ip netns exec ${this.#namespace} ${inside} "$@"\n`, { mode: 0o755 });
    return path;
  }

  /** Takes it away, with its devices; nothing when it is gone. */
  remove(): void {
    spawnSync('ip', ['netns', 'del', this.#namespace]);
  }
}
