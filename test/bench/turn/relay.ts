/**
 * One TURN server as the product has it, for `npm run bench:turn`: started with `{"media": "none" | "kernel" | "wired", "peer": port}`, it says on
 * its first line where it listens. With media it has a media worker's port for browsers in a thread beside, which echoes.
 */

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { driveAlarms, monotonicClock, rethrow, wallClock } from '../../../src/adapters/clock/clock.ts';
import { nodeDigests, systemRandom } from '../../../src/adapters/crypto/crypto.ts';
import { Certificates } from '../../../src/adapters/tcp/certificates.ts';
import { listenTcp } from '../../../src/adapters/tcp/tcp.ts';
import { listenTls } from '../../../src/adapters/tcp/tls.ts';
import { relayWireMemory } from '../../../src/adapters/wire/relay-wire.ts';
import { WiredRelays } from '../../../src/adapters/wire/wired-relays.ts';
import { datagramSource } from '../../../src/app/datagrams.ts';
import { relayPlaces } from '../../../src/app/relay-sockets.ts';
import type { StreamConnection } from '../../../src/base/net.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import { TurnAccounts } from '../../../src/turn/accounts.ts';
import { TurnServer } from '../../../src/turn/server.ts';
import { StreamDoor } from '../../../src/turn/stream-door.ts';
import { UdpDoor } from '../../../src/turn/udp-door.ts';
import { Authority } from '../../support/certificates.ts';
import type { MediaThreadSettings } from './media-thread.ts';

const HOST = '127.0.0.1';

/** What the first argument says. */
export interface RelayBenchSettings {
  /** Whose the peers are: somebody else's, or media of this process, by the kernel or inside. */
  readonly media: 'none' | 'kernel' | 'wired';
  /** The peers' port; the one behind it is one, too. */
  readonly peer: number;
  readonly secret: string;
}

/** What the first line says. */
export interface RelayBenchPorts {
  readonly turn: number;
  readonly tls: number;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as RelayBenchSettings;
const rethrown = (error: unknown) => {
  throw error;
};
const timers = new WakeQueue();
driveAlarms(timers, monotonicClock, rethrow);
const slots = { bytes: 8192, count: 128 };
const sockets = datagramSource('auto', { unsent() {}, unwatched() {}, fault: rethrown }, slots);
const { peer } = settings;
const peers = [peer, peer + 1];
const wires = settings.media === 'wired' ? relayWireMemory(peers.length) : [];
if (settings.media !== 'none') await startMedia();
const { opener, addresses } = relayPlaces([HOST], [], {
  sendsWhole: sockets.sendsWhole,
  open: (local) => sockets.open({ ...local, address: HOST }),
});
const relays =
  settings.media === 'wired'
    ? new WiredRelays({
        ...{
          kernel: opener,
          media: peers.map((port, i) => ({ port, memory: wires[i]! })),
          addresses: [HOST],
        },
        ...{ dropped: () => server.dropped('congested'), onFault: rethrown },
      })
    : opener;
const server = new TurnServer({
  ...{ timers, clock: monotonicClock, wall: wallClock, random: systemRandom, digests: nodeDigests },
  accounts: new TurnAccounts({
    ...{ digests: nodeDigests, wall: wallClock, secret: settings.secret, credentialsMs: 3_600_000 },
  }),
  ...{ realm: 'bench', relayAddresses: addresses, relays },
  isAllowedPeer: (address, port) => address === HOST && peers.includes(port),
  emit: (event) => {
    if (event.type === 'dropped') console.error(event.reason, event.count);
  },
  limits: { allocationsPerUser: 2000, bytesPerSecond: 1e9, answersPerSecond: 1e5, answerBurst: 1e5 },
});
const udp = await sockets.open({ address: HOST, port: 0 });
new UdpDoor(server, udp);
const streams = new StreamDoor({ server, timers, clock: monotonicClock });
const accept = (connection: StreamConnection) => streams.accept(connection);
const limits = { total: 4000, perSource: 4000, idleMs: 600_000, backlog: 1 << 20 };
await listenTcp({ address: HOST, port: udp.local.port }, { accept, limits });
const files = new Authority().issue('localhost', 'DNS:localhost,IP:127.0.0.1');
const identity = {
  certificate: readFileSync(files.certificate, 'utf8'),
  key: readFileSync(files.key, 'utf8'),
};
const certificates = new Certificates([identity], undefined);
const secure = await listenTls(
  { address: HOST, port: 0 },
  { certificates, clientCertificates: 'none', accept, limits },
);
const ports: RelayBenchPorts = { turn: udp.local.port, tls: secure.local.port };
console.log(JSON.stringify(ports));

async function startMedia(): Promise<void> {
  const workerData: MediaThreadSettings = { address: HOST, ports: peers, wires };
  await once(new Worker(new URL('./media-thread.ts', import.meta.url), { workerData }), 'message');
}
