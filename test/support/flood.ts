import { createSocket } from 'node:dgram';
import { pathToFileURL } from 'node:url';
import { StunBuilder } from '../../src/stun/builder.ts';
import { Attribute, Method } from '../../src/stun/registry.ts';
import { Child } from './child.ts';
import { rawRequest } from './raw-sip.ts';
import { productNode, repositoryRoot } from './root.ts';

/** What a flood is: `source` is another of the 127.0.0.0/8 addresses. */
export interface FloodOptions {
  readonly port: number;
  readonly source: string;
  readonly perSecond: number;
  readonly seconds: number;
  /** What is sent: an INVITE, or an Allocate without credentials. */
  readonly message: 'INVITE' | 'Allocate';
}

/** What went out, and what came back. */
export interface Flooded {
  readonly sent: number;
  readonly sentBytes: number;
  readonly answerBytes: number;
}

/** Sends as fast as is asked for, from a process of its own. */
export async function flood(options: FloodOptions): Promise<Flooded> {
  const args = [`${repositoryRoot}test/support/flood.ts`, JSON.stringify(options)];
  const child = new Child('flood', productNode, args);
  const told = await child.waitForOutput(
    /sent (\d+) of (\d+), answered (\d+)/,
    (options.seconds + 20) * 1000,
  );
  await child.stop();
  const [sent, each, answerBytes] = told.slice(1).map(Number) as [number, number, number];
  return { sent, sentBytes: sent * each, answerBytes };
}

/** Each 10 ms as many as are due by then. */
function run({ port, source, perSecond, seconds, message }: FloodOptions): void {
  const socket = createSocket('udp4');
  socket.bind(0, source, () => {
    const localPort = socket.address().port;
    const invite = () => Buffer.from(rawRequest({ method: 'INVITE', user: '100', port, localPort }));
    const request = message === 'INVITE' ? invite() : bareAllocate();
    let answered = 0;
    socket.on('message', (bytes) => {
      answered += bytes.length;
    });
    const startedAt = performance.now();
    let sent = 0;
    const timer = setInterval(() => {
      const elapsed = (performance.now() - startedAt) / 1000;
      for (; sent < Math.min(elapsed, seconds) * perSecond; sent++) socket.send(request, port, '127.0.0.1');
      if (elapsed < seconds) return;
      clearInterval(timer);
      socket.close();
      console.log(`sent ${sent} of ${request.length}, answered ${answered}`);
    }, 10);
  });
}

/** As a client's first: it is to be challenged. */
function bareAllocate(): Uint8Array {
  const builder = new StunBuilder(Method.allocate, 'request', new Uint8Array(12));
  return builder.u32(Attribute.requestedTransport, 17 << 24).finish();
}

const [, script, argument] = process.argv;
if (script !== undefined && import.meta.url === pathToFileURL(script).href)
  run(JSON.parse(argument ?? '') as FloodOptions);
