import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { Child } from './child.ts';
import { freePortBlock } from './free-ports.ts';
import { configuration, type KamailioOptions, tlsConfiguration } from './kamailio-config.ts';
import { newWorkspace } from './workspace.ts';

/** Kamailio on loopback, UDP, TCP and TLS, as a carrier's proxy: Record-Route, and a registrar that keeps its bindings in memory. */
export class Kamailio {
  readonly address: string;
  /** Of UDP and TCP. */
  readonly port: number;
  readonly tlsPort: number;
  readonly child: Child;

  private constructor(address: string, port: number, child: Child) {
    this.address = address;
    this.port = port;
    this.tlsPort = port + 1;
    this.child = child;
  }

  static async start(options: KamailioOptions = {}): Promise<Kamailio> {
    const { address = '127.0.0.1' } = options;
    const port = await freePortBlock(2);
    const folder = newWorkspace('kamailio');
    mkdirSync(`${folder}/run`);
    // Kamailio drops root for nobody, but must keep its files here.
    chmodSync(folder, 0o755);
    if (options.tls !== undefined) writeFileSync(`${folder}/tls.cfg`, tlsConfiguration(options.tls));
    writeFileSync(`${folder}/kamailio.cfg`, configuration(options, address, port, folder));
    const child = new Child('kamailio', 'kamailio', [
      ...['-f', `${folder}/kamailio.cfg`, '-Y', `${folder}/run`, '-P', `${folder}/run/pid`],
      // In the foreground, its log on standard error; little shared memory.
      ...['-DD', '-E', '-e', '-m', '32', '-M', '8', '-n', '2', '-N', '2'],
    ]);
    await child.waitForOutput(/READY-FOR-CALLS/, 20_000).catch(async (error: unknown) => {
      await child.stop();
      throw error;
    });
    return new Kamailio(address, port, child);
  }

  /** What it logged of messages that came through in a dialog: `METHOD from PORT loose`. */
  get inDialog(): string[] {
    return [...this.child.output.matchAll(/IN-DIALOG (.*)$/gm)].map(([, line]) => line!);
  }

  /** INVITEs of a gateway that proved itself. */
  get placed(): number {
    return [...this.child.output.matchAll(/OUTBOUND /g)].length;
  }

  async stop(): Promise<void> {
    await this.child.stop();
  }
}
