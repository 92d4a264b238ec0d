/**
 * The TURN server on real sockets against coturn's own clients: allocate, permissions, channels, Send and Data, over
 * UDP, TCP and TLS, and on the port of HTTPS, of IPv4 and IPv6, with time-limited credentials and a user's own, through an echoing peer;
 * nothing may be lost and nothing may remain.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { driveAlarms, monotonicClock, rethrow, wallClock } from '../../src/adapters/clock/clock.ts';
import { nodeDigests, systemRandom } from '../../src/adapters/crypto/crypto.ts';
import { listenHttps } from '../../src/adapters/http/https.ts';
import type { HttpServer } from '../../src/adapters/http/server.ts';
import { Certificates } from '../../src/adapters/tcp/certificates.ts';
import { defaultTcpLimits, NodeStreamConnection } from '../../src/adapters/tcp/connection.ts';
import type { TcpListener } from '../../src/adapters/tcp/door.ts';
import { listenTcp } from '../../src/adapters/tcp/tcp.ts';
import { listenTls } from '../../src/adapters/tcp/tls.ts';
import { openUdp } from '../../src/adapters/udp/udp.ts';
import type { DatagramSocket, StreamConnection } from '../../src/base/net.ts';
import { WakeQueue } from '../../src/base/wake-queue.ts';
import type { GatewayEvent } from '../../src/events/index.ts';
import { TurnAccounts } from '../../src/turn/accounts.ts';
import { mintTurnCredentials } from '../../src/turn/credentials.ts';
import { TurnServer } from '../../src/turn/server.ts';
import { StreamDoor } from '../../src/turn/stream-door.ts';
import { UdpDoor } from '../../src/turn/udp-door.ts';
import { Authority } from '../support/certificates.ts';
import { Child } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';

const HOST = '127.0.0.1';
const HOST_V6 = '::1';
const SECRET = 'secret of the interop test';
const STATIC = { username: 'desk-phone', password: 'a password of its own' };

const timers = new WakeQueue();
const events: GatewayEvent[] = [];
let stopAlarms: () => void;
let echo: readonly DatagramSocket[];
let echoV6: readonly DatagramSocket[];
let listening: DatagramSocket;
let listeningV6: DatagramSocket;
let listener: TcpListener;
let listenerV6: TcpListener;
let secure: TcpListener;
let https: HttpServer;
let server: TurnServer;
let udpDoor: UdpDoor;
let streamDoor: StreamDoor;

beforeAll(async () => {
  stopAlarms = driveAlarms(timers, monotonicClock, rethrow);
  echo = await openEchoes(HOST);
  echoV6 = await openEchoes(HOST_V6);
  server = new TurnServer({
    timers,
    clock: monotonicClock,
    wall: wallClock,
    random: systemRandom,
    digests: nodeDigests,
    accounts: new TurnAccounts({
      ...{ digests: nodeDigests, wall: wallClock, secret: SECRET, credentialsMs: 600_000 },
      users: [STATIC],
    }),
    realm: 'trunkroom',
    relayAddresses: { ipv4: HOST, ipv6: HOST_V6 },
    relays: {
      open: (family, port, opened) =>
        void openUdp({ address: family === 'ipv4' ? HOST : HOST_V6, port }).then(
          (socket) => opened(socket),
          () => opened(undefined),
        ),
    },
    isAllowedPeer: (address, port) =>
      [...echo, ...echoV6].some(({ local }) => local.address === address && local.port === port),
    limits: { allocationsPerUser: 200, answersPerSecond: 1000, answerBurst: 1000 },
    emit: (event) => events.push(event),
  });
  listening = await openUdp({ address: HOST, port: 0 });
  udpDoor = new UdpDoor(server, listening);
  listeningV6 = await openUdp({ address: HOST_V6, port: listening.local.port });
  new UdpDoor(server, listeningV6);
  streamDoor = new StreamDoor({ server, timers, clock: monotonicClock });
  listener = await listenTcp(
    { address: HOST, port: listening.local.port },
    { accept: (connection) => streamDoor.accept(connection) },
  );
  listenerV6 = await listenTcp(
    { address: HOST_V6, port: listening.local.port },
    { accept: (connection) => streamDoor.accept(connection) },
  );
  const files = new Authority().issue('localhost', 'DNS:localhost,IP:127.0.0.1');
  const identity = {
    certificate: readFileSync(files.certificate, 'utf8'),
    key: readFileSync(files.key, 'utf8'),
  };
  const certificates = new Certificates([identity], undefined);
  const accept = (connection: StreamConnection) => streamDoor.accept(connection);
  const anyPort = { address: HOST, port: 0 };
  secure = await listenTls(anyPort, { certificates, clientCertificates: 'none', accept });
  https = await listenHttps(anyPort, {
    certificates,
    fetch: () => new Response('a page'),
    upgrade: (_request, socket) => socket.destroy(),
    turn: (socket) => accept(new NodeStreamConnection(socket, defaultTcpLimits)),
  });
});

afterAll(async () => {
  streamDoor.close();
  server.close();
  await listener.close();
  await secure.close();
  await https.close(1000);
  await listenerV6.close();
  listening.close();
  listeningV6.close();
  for (const socket of [...echo, ...echoV6]) socket.close();
  stopAlarms();
});

/** Two echoing sockets on neighbouring ports, for uclient's clients take turns between a port and the next. */
async function openEchoes(address: string): Promise<DatagramSocket[]> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const first = await openUdp({ address, port: 0 });
    const second = await openUdp({ address, port: first.local.port + 1 }).catch(() => undefined);
    if (second === undefined) {
      first.close();
      continue;
    }
    for (const socket of [first, second]) {
      socket.onDatagram = (bytes, from, port) => socket.send(bytes, port, from);
    }
    return [first, second];
  }
  throw new Error('no two neighbouring ports are free');
}

/** Waits for a coturn tool's end and gives what it printed. */
async function run(child: Child, tool: string): Promise<string> {
  try {
    await eventually(`${tool} ends`, 15_000, () => child.exit);
    return child.output;
  } finally {
    await child.stop();
  }
}

/** coturn's load client: 4 clients, 40 packets of 172 bytes each, every 5 ms, echoed by the peer. */
function loadClient(
  identity: string,
  flags: readonly string[],
  password?: string,
  port = listening.local.port,
): Child {
  const credentials = mintTurnCredentials({
    digests: nodeDigests,
    secret: SECRET,
    identity,
    unixMs: wallClock.unixMs(),
    ttlSeconds: 600,
  });
  const traffic = ['-m', '4', '-n', '40', '-l', '172', '-z', '5', '-c', '-X'];
  const peer = ['-L', HOST, '-e', HOST, '-r', String(echo[0]!.local.port), '-p', String(port)];
  const { username } = identity === STATIC.username ? STATIC : credentials;
  const user = ['-u', username, '-w', password ?? credentials.password];
  return new Child('uclient', 'turnutils_uclient', [...traffic, ...peer, ...user, ...flags, HOST]);
}

/** Its output, once it has ended. */
function load(identity: string, flags: readonly string[], password?: string): Promise<string> {
  return run(loadClient(identity, flags, password), 'turnutils_uclient');
}

const WAYS = [
  ['UDP, channels', []],
  ['UDP, Send indications', ['-s']],
  ['TCP, channels', ['-t']],
  ['TCP, Send indications', ['-t', '-s']],
] as const;

/** Bytes up and down of each finished allocation that carried any. */
function carriers(): number[][] {
  return events.flatMap((event) =>
    event.type === 'turn.released' && event.bytesUp > 0 ? [[event.bytesUp, event.bytesDown]] : [],
  );
}

it('turnutils_uclient: every packet comes back, both ways of both transports at once', async () => {
  const outputs = await Promise.all(WAYS.map(([name, flags]) => load(name, flags)));
  for (const [i, output] of outputs.entries()) {
    expect(output, WAYS[i]![0]).toMatch(/tot_send_msgs=160, tot_recv_msgs=160/);
    expect(output, WAYS[i]![0]).toMatch(/Total lost packets 0 \(0\.0+%\)/);
  }
  await eventually('the streams are gone', 15_000, () => streamDoor.size === 0 || undefined);
  expect(carriers()).toEqual(Array.from({ length: 16 }, () => [6_880, 6_880]));
  // Each client tries an allocation first and forgets it; over UDP such a one stays until it expires.
  expect(udpDoor.size).toBe(8);
  expect(server.gauges()).toEqual({ allocations: 8, permissions: 0, channels: 0, relayPorts: 8 });
});

it.each([
  ['on its own port', 'TLS', undefined, () => secure.local.port],
  ['by a user of its own', STATIC.username, STATIC.password, () => secure.local.port],
  ['on the port of HTTPS', 'HTTPS', undefined, () => https.local.port],
])(
  'turnutils_uclient over TLS, %s: every packet goes out and comes back',
  async (_, name, password, port) => {
    const before = carriers().length;
    // Judged by what the server relayed: over TLS the client reads one message of several that came at once.
    const client = loadClient(name, ['-t', '-S'], password, port());
    try {
      await eventually('four clients are done', 25_000, () => carriers().length === before + 4 || undefined);
    } finally {
      await client.stop();
    }
    expect(carriers().slice(before)).toEqual(Array.from({ length: 4 }, () => [6_880, 6_880]));
    expect(client.output).toMatch(/session connected with cipher/);
    await eventually('the streams are gone', 15_000, () => streamDoor.size === 0 || undefined);
  },
);

it('the port of HTTPS answers requests beside', async () => {
  const page = await new Promise<string>((resolve, reject) => {
    const asked = request({ host: HOST, port: https.local.port, rejectUnauthorized: false }, (response) =>
      response.on('data', (bytes) => resolve(`${response.statusCode} ${bytes}`)),
    );
    asked.on('error', reject);
    asked.end();
  });
  expect(page).toBe('200 a page');
});

/** uclient with credentials and ways of its own; what it printed. */
function uclient(host: string, flags: readonly string[]): Promise<string> {
  const peers = host === HOST ? echo : echoV6;
  const where = ['-L', host, '-e', host, '-r', String(peers[0]!.local.port)];
  const all = [...where, '-p', String(listening.local.port), ...flags, host];
  return run(new Child('uclient', 'turnutils_uclient', all), 'turnutils_uclient');
}

const OWN_USER = ['-u', STATIC.username, '-w', STATIC.password];
/** coturn itself makes the name and the password of the secret. */
const REST = ['-u', 'coturn', '-W', SECRET];
const BULK = ['-m', '10', '-n', '250', '-l', '172', '-z', '5', '-c'];

const BULKS: [name: string, host: string, flags: string[]][] = [
  ['a user of its own, UDP', HOST, [...OWN_USER, ...BULK, '-X']],
  ['a user of its own, TCP', HOST, [...OWN_USER, ...BULK, '-X', '-t']],
  ['credentials by coturn, UDP', HOST, [...REST, ...BULK, '-X', '-s']],
  ['IPv6 throughout, UDP', HOST_V6, [...REST, ...BULK, '-x']],
  ['IPv6 throughout, TCP', HOST_V6, [...OWN_USER, ...BULK, '-x', '-t', '-s']],
];

it('turnutils_uclient, five at once, 2,500 messages each: all come back', async () => {
  const outputs = await Promise.all(BULKS.map(([, host, flags]) => uclient(host, flags)));
  for (const [i, output] of outputs.entries()) {
    expect(output, BULKS[i]![0]).toMatch(/tot_send_msgs=2500, tot_recv_msgs=2500/);
    expect(output, BULKS[i]![0]).toMatch(/Total lost packets 0 \(0\.0+%\)/);
  }
});

const FEW = [...REST, '-m', '2', '-n', '20', '-l', '172', '-z', '5'];
const ARTS: [name: string, flags: string[]][] = [
  ['RTP and RTCP on an even port and the one reserved beside it', []],
  ['a ticket, taken along to another port', ['-c', '-M']],
  ['relays of both families', ['-Z']],
];

it('turnutils_uclient, with pairs of ports, tickets and both families: all comes back', async () => {
  const outputs = await Promise.all(ARTS.map(([, flags]) => uclient(HOST, [...FEW, ...flags])));
  for (const [i, output] of outputs.entries()) {
    expect(output, ARTS[i]![0]).toMatch(/tot_send_msgs=40, tot_recv_msgs=40/);
    expect(output, ARTS[i]![0]).toMatch(/Total lost packets 0 \(0\.0+%\)/);
  }
});

it('turnutils_uclient with a wrong password gets nothing', async () => {
  const before = events.filter((event) => event.type === 'turn.allocated').length;
  const output = await load('mallory', [], 'wrong');
  expect(output).not.toMatch(/tot_recv_msgs=[1-9]/);
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'turn.refused', reason: 'bad-password', code: 401 }),
  );
  expect(events.filter((event) => event.type === 'turn.allocated')).toHaveLength(before);
});

it.each([
  [HOST, /UDP reflexive addr: 127\.0\.0\.1:\d+/],
  [HOST_V6, /UDP reflexive addr: (\[::1\]|::1):\d+/],
])('turnutils_stunclient learns its mapped address from %s', async (host, mapped) => {
  const flags = ['-p', String(listening.local.port), '-L', host, host];
  const output = await run(new Child('stunclient', 'turnutils_stunclient', flags), 'turnutils_stunclient');
  expect(output).toMatch(mapped);
});

it('close leaves nothing: no allocation, no client, no alarm', () => {
  server.close();
  expect(server.gauges()).toEqual({ allocations: 0, permissions: 0, channels: 0, relayPorts: 0 });
  expect([udpDoor.size, streamDoor.size, timers.size]).toEqual([0, 0, 0]);
});
