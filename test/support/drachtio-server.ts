import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Child } from './child.ts';
import { freePortBlock } from './free-ports.ts';

/** The real server's binary: `DRACHTIO_SERVER`, else `drachtio` in the path; undefined when there is none. */
export function findDrachtioServer(): string | undefined {
  const given = process.env['DRACHTIO_SERVER'];
  const paths = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'drachtio'));
  return (given === undefined ? paths : [given]).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** A drachtio server on loopback, UDP and TCP. */
export interface DrachtioServer {
  readonly child: Child;
  /** Of its clients. */
  readonly port: number;
  readonly secret: string;
  readonly sipPort: number;
  stop(): Promise<void>;
}

export async function startDrachtioServer(
  binary: string,
  ports?: { readonly port: number; readonly sipPort: number },
): Promise<DrachtioServer> {
  const first = ports === undefined ? await freePortBlock(2) : 0;
  const { port, sipPort } = ports ?? { port: first, sipPort: first + 1 };
  const secret = 'of-the-contract';
  const folder = mkdtempSync(join(tmpdir(), 'drachtio-'));
  const file = join(folder, 'drachtio.conf.xml');
  writeFileSync(
    file,
    `<drachtio>
  <admin port="${port}" secret="${secret}">127.0.0.1</admin>
  <sip><contacts><contact>sip:127.0.0.1:${sipPort};transport=udp,tcp</contact></contacts></sip>
  <logging><console/><sofia-loglevel>1</sofia-loglevel><loglevel>info</loglevel></logging>
</drachtio>
`,
  );
  const child = new Child('drachtio', binary, ['--file', file, '--stdout']);
  await child.waitForOutput(/listening for applications|Starting sip stack|transport/i, 20_000);
  return {
    child,
    port,
    secret,
    sipPort,
    async stop() {
      await child.stop(3000);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
