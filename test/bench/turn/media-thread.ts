/** A media worker's ports for browsers, which echo: what is measured is the way to them, not what a room does. */
import { parentPort, workerData } from 'node:worker_threads';
import { PACKET_SLOTS } from '../../../src/adapters/native/native-udp.ts';
import type { RelayWireMemory } from '../../../src/adapters/wire/relay-wire.ts';
import { WiredMediaSocket } from '../../../src/adapters/wire/wired-media.ts';
import { datagramSource } from '../../../src/app/datagrams.ts';
import type { DatagramSocket } from '../../../src/base/net.ts';

/** What the thread is started with. */
export interface MediaThreadSettings {
  readonly address: string;
  /** Each is a port of its own. */
  readonly ports: readonly number[];
  /** The way to each inside of the process; none: by the kernel. */
  readonly wires: readonly RelayWireMemory[];
}

const { address, ports, wires } = workerData as MediaThreadSettings;
const onFault = (error: unknown) => {
  throw error;
};
const dropped = () => console.error('a packet was dropped on its way back');
const sockets = datagramSource('auto', { unsent() {}, unwatched() {}, fault: onFault }, PACKET_SLOTS);
for (const [index, port] of ports.entries()) {
  const kernel = await sockets.open({ address, port });
  const memory = wires[index];
  const shared = { kernel, addresses: [address], dropped, onFault };
  const socket: DatagramSocket = memory === undefined ? kernel : new WiredMediaSocket({ ...shared, memory });
  socket.onDatagram = (bytes, from, to) => socket.send(bytes, to, from);
}
// A wire alone keeps no thread alive.
parentPort?.on('message', () => {});
parentPort?.postMessage('ready');
