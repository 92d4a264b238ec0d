/**
 * What the way between a relay and a media worker's thread costs by itself, there and back: `node test/bench/turn/crossing.ts`, and as a part
 * of `npm run bench:turn`. Every 2 ms so many packets of 200 bytes are sent at once; what the timers cost is measured and taken away.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { PACKET_SLOTS } from '../../../src/adapters/native/native-udp.ts';
import { relayWireMemory } from '../../../src/adapters/wire/relay-wire.ts';
import { WiredRelays } from '../../../src/adapters/wire/wired-relays.ts';
import { datagramSource } from '../../../src/app/datagrams.ts';
import type { DatagramSocket } from '../../../src/base/net.ts';
import type { RelayOpener } from '../../../src/turn/ports.ts';
import { freePortBlock } from '../../support/free-ports.ts';
import type { MediaThreadSettings } from './media-thread.ts';

const HOST = '127.0.0.1';
const SECONDS = 4;

interface Crossing {
  readonly relay: DatagramSocket;
  readonly port: number;
  stop(): Promise<unknown>;
}

const onFault = (error: unknown) => {
  throw error;
};
const sockets = datagramSource('auto', { unsent() {}, unwatched() {}, fault: onFault }, PACKET_SLOTS);

async function crossing(way: 'kernel' | 'inside'): Promise<Crossing> {
  const [port, own] = [await freePortBlock(1), await freePortBlock(1)];
  const wires = way === 'inside' ? relayWireMemory(1) : [];
  const workerData: MediaThreadSettings = { address: HOST, ports: [port], wires };
  const worker = new Worker(new URL('./media-thread.ts', import.meta.url), { workerData });
  await once(worker, 'message');
  const kernel: RelayOpener = {
    open: (_family, at, opened) => void sockets.open({ address: HOST, port: at }).then(opened, onFault),
  };
  const media = wires.map((memory) => ({ port, memory }));
  const relays = new WiredRelays({ kernel, media, addresses: [HOST], dropped: () => {}, onFault });
  const relay = await new Promise<DatagramSocket>((resolve) => {
    relays.open('ipv4', own, (socket) => resolve(socket!));
  });
  const stop = () => {
    relay.close();
    relays.close();
    return worker.terminate();
  };
  return { relay, port, stop };
}

/** CPU of the process, us for each packet that came back; without `relay` that of the timers. */
async function cpuOf(
  burst: number,
  way: Crossing | undefined,
): Promise<{ us: number; sent: number; back: number }> {
  const packet = new Uint8Array(200);
  let [sent, back] = [0, 0];
  if (way !== undefined) way.relay.onDatagram = () => back++;
  await sleep(300);
  const before = process.cpuUsage();
  const end = performance.now() + 1000 * SECONDS;
  while (performance.now() < end) {
    for (let i = 0; i < burst; i++, sent++) way?.relay.send(packet, way.port, HOST);
    await sleep(2);
  }
  await sleep(100);
  const { user, system } = process.cpuUsage(before);
  return { us: (user + system) / sent, sent, back };
}

console.log('| packets at once | way | sent | back | µs a packet, there and back |\n|---|---|---|---|---|');
for (const burst of [1, 4, 16, 64]) {
  for (const name of ['kernel', 'inside'] as const) {
    const way = await crossing(name);
    await cpuOf(burst, way);
    const { us, sent, back } = await cpuOf(burst, way);
    await way.stop();
    const idle = (await cpuOf(burst, undefined)).us;
    console.log(`| ${[burst, name, sent, back, (us - idle).toFixed(1)].join(' | ')} |`);
  }
}
process.exit();
