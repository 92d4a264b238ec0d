import { createSocket } from 'node:dgram';
import { pathToFileURL } from 'node:url';
import { Child } from './child.ts';
import { rawRequest } from './raw-sip.ts';
import { productNode, repositoryRoot } from './root.ts';

/** What a flood is: `source` is another of the 127.0.0.0/8 addresses. */
export interface FloodOptions {
  readonly port: number;
  readonly source: string;
  readonly perSecond: number;
  readonly seconds: number;
}

/** Sends INVITEs as fast as is asked for, from a process of its own; gives how many went out. */
export async function flood(options: FloodOptions): Promise<number> {
  const args = [`${repositoryRoot}test/support/flood.ts`, JSON.stringify(options)];
  const child = new Child('flood', productNode, args);
  const [, sent] = await child.waitForOutput(/sent (\d+)/, (options.seconds + 20) * 1000);
  await child.stop();
  return Number(sent);
}

/** Each 10 ms as many as are due by then. */
function run({ port, source, perSecond, seconds }: FloodOptions): void {
  const socket = createSocket('udp4');
  socket.bind(0, source, () => {
    const localPort = socket.address().port;
    const request = Buffer.from(rawRequest({ method: 'INVITE', user: '100', port, localPort }));
    const startedAt = performance.now();
    let sent = 0;
    const timer = setInterval(() => {
      const elapsed = (performance.now() - startedAt) / 1000;
      for (; sent < Math.min(elapsed, seconds) * perSecond; sent++) socket.send(request, port, '127.0.0.1');
      if (elapsed < seconds) return;
      clearInterval(timer);
      socket.close();
      console.log(`sent ${sent}`);
    }, 10);
  });
}

const [, script, argument] = process.argv;
if (script !== undefined && import.meta.url === pathToFileURL(script).href)
  run(JSON.parse(argument ?? '') as FloodOptions);
