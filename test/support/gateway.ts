import { writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { Child, type Exit } from './child.ts';
import { eventually } from './eventually.ts';
import { freePortBlock } from './free-ports.ts';
import { Metrics } from './metrics.ts';
import { productNode, repositoryRoot } from './root.ts';
import { newWorkspace } from './workspace.ts';

/** The ports of one gateway under test. */
export interface GatewayPorts {
  readonly sip: number;
  readonly http: number;
  readonly iceUdp: number;
  readonly iceTcp: number;
  readonly turn: number;
}

/** The product as `npm start` runs it, in a process of its own on ports that nobody else uses. */
export class Gateway {
  readonly ports: GatewayPorts;
  readonly child: Child;
  /** From the start of the process to the first 200 of `/readyz`, ms. */
  readonly startupMs: number;

  private constructor(ports: GatewayPorts, child: Child, startupMs: number) {
    this.ports = ports;
    this.child = child;
    this.startupMs = startupMs;
  }

  /**
   * Starts one and waits until it is ready. `env` overrides single keys, as `TRUNKROOM_SECTION_KEY`; `args` come after
   * `--dev`.
   */
  static async start(
    env: Readonly<Record<string, string>> = {},
    args: readonly string[] = [],
  ): Promise<Gateway> {
    const ports = await freePorts();
    const startedAt = performance.now();
    const child = spawnGateway({ ...portsAsEnvironment(ports), ...env }, args);
    const gateway = `http://127.0.0.1:${ports.http}`;
    try {
      await eventually('the gateway is ready', 60_000, async () => {
        if (child.exit !== undefined) return true;
        return (await fetch(`${gateway}/readyz`)).ok;
      });
    } catch (error) {
      await child.stop();
      throw new Error(`the gateway did not get ready:\n${child.tail()}`, { cause: error });
    }
    if (child.exit !== undefined) throw new Error(`the gateway ended at once:\n${child.tail()}`);
    return new Gateway(ports, child, performance.now() - startedAt);
  }

  get url(): string {
    return `http://127.0.0.1:${this.ports.http}`;
  }

  /** What to dial to get into `room`. */
  sipUri(room: string): string {
    return `sip:${room}@127.0.0.1:${this.ports.sip}`;
  }

  async metrics(): Promise<Metrics> {
    const response = await fetch(`${this.url}/metrics`);
    if (!response.ok) throw new Error(`/metrics answered ${response.status}`);
    return new Metrics(await response.text());
  }

  /** True while the process runs, its HTTP port answers ready and its SIP port accepts TCP. */
  async isWell(): Promise<boolean> {
    if (this.child.exit !== undefined) return false;
    const ready = await fetch(`${this.url}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
    return ready && (await acceptsTcp(this.ports.sip));
  }

  /** SIGTERM; how it ended and after how many ms. */
  async stop(): Promise<Exit & { readonly tookMs: number }> {
    const startedAt = performance.now();
    const exit = await this.child.stop(10_000);
    return { ...exit, tookMs: performance.now() - startedAt };
  }
}

/** A set of ports for one gateway. */
export async function freePorts(): Promise<GatewayPorts> {
  const first = await freePortBlock(12);
  return { sip: first, http: first + 2, iceUdp: first + 4, iceTcp: first + 8, turn: first + 10 };
}

/** The environment that puts a gateway on `ports`. */
export function portsAsEnvironment(ports: GatewayPorts): Record<string, string> {
  return {
    TRUNKROOM_SIP_PORT: String(ports.sip),
    TRUNKROOM_HTTP_PORT: String(ports.http),
    TRUNKROOM_ICE_UDP_PORT: String(ports.iceUdp),
    TRUNKROOM_ICE_TCP_PORT: String(ports.iceTcp),
    TRUNKROOM_TURN_PORT: String(ports.turn),
  };
}

/** Starts the process and does not wait: for runs that are meant to fail. `args` come after `--dev`. */
export function spawnGateway(env: Readonly<Record<string, string>>, args: readonly string[] = []): Child {
  return new Child('gateway', productNode, [`${repositoryRoot}src/app/main.ts`, '--dev', ...args], env);
}

/** Writes a configuration file of `yaml` and gives its path. */
export function writeConfiguration(yaml: string): string {
  const path = `${newWorkspace('config')}/trunkroom.yaml`;
  writeFileSync(path, yaml);
  return path;
}

function acceptsTcp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
