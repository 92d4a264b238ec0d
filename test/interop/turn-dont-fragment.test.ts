/**
 * DONT-FRAGMENT on the wire (RFC 8656 section 11.2): a gateway, a router with a narrower line behind it, and a peer beyond, in network
 * namespaces. The peer says of each packet that reaches it whether DF was set and whether it was cut.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadAddon } from '../../src/adapters/native/addon.ts';
import { LabHost } from '../lab/host.ts';
import type { Child } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { productNode, repositoryRoot } from '../support/root.ts';

const GATEWAY = '10.204.1.2';
const PEER = '10.204.2.2';
const PEER_PORT = 7000;
const USER = { username: 'desk', password: 'a password of the test' };

/** What comes by UDP from the gateway, a line each: first byte of the data, DF, and whether it is a piece. */
const WATCH = `
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.ntohs(0x0800))
print('watching', flush=True)
while True:
    p = s.recv(65535)
    if p[9] != 17 or socket.inet_ntoa(p[12:16]) != '${GATEWAY}': continue
    flags = (p[6] << 8) | p[7]
    offset = flags & 0x1fff
    name = chr(p[28]) if offset == 0 and chr(p[28]) in 'abcdefgh' else '-' if offset else '.'
    print('got', name, len(p) - 28, 'DF' if flags & 0x4000 else 'no-DF', 'piece' if flags & 0x3fff else 'whole', flush=True)
`;

const hosts: LabHost[] = [];
let peer: LabHost;
let gatewayHost: LabHost;
let gateway: Child;
let watcher: Child;
let cannot: string | undefined = loadAddon() === undefined ? 'the addon is not there' : undefined;

beforeAll(async () => {
  if (cannot !== undefined) return;
  try {
    const [near, router, far] = ['near', 'mid', 'far'].map((name) => {
      const host = new LabHost(`trdf${process.pid}${name}`);
      hosts.push(host);
      return host;
    }) as [LabHost, LabHost, LabHost];
    near.wire('eth0', router, 'in0');
    router.wire('out0', far, 'eth0');
    router.routes();
    near.ip(`addr add ${GATEWAY}/24 dev eth0`);
    router.ip('addr add 10.204.1.1/24 dev in0');
    router.ip('addr add 10.204.2.1/24 dev out0');
    router.ip('link set out0 mtu 1280');
    far.ip(`addr add ${PEER}/24 dev eth0`);
    near.ip('route add default via 10.204.1.1');
    far.ip('route add default via 10.204.2.1');
    gatewayHost = near;
    peer = far;
  } catch (error) {
    cannot = (error as Error).message;
    return;
  }
  watcher = peer.start('watcher', 'python3', ['-c', WATCH]);
  await watcher.waitForOutput(/watching/, 20_000);
  gateway = gatewayHost.start('gateway', productNode, [`${repositoryRoot}src/app/main.ts`, '--dev'], {
    TRUNKROOM_TURN_ALLOWED_PEERS: JSON.stringify([`${PEER}/32`]),
    TRUNKROOM_TURN_USERS: JSON.stringify([USER]),
    TRUNKROOM_NODE_ADDRESSES: JSON.stringify([GATEWAY]),
  });
  await gateway.waitForOutput(/gateway is ready/, 60_000);
});

afterAll(async () => {
  await gateway?.stop();
  await watcher?.stop();
  for (const host of hosts) host.remove();
});

const seen = (from: number) =>
  watcher.output
    .split('\n')
    .filter((line) => line.startsWith('got '))
    .slice(from);

test('packets that must stay whole have DF and are never cut; those that are too big cost nothing but themselves', async ({
  skip,
}) => {
  if (cannot !== undefined) skip(cannot);
  const script = `${repositoryRoot}test/lab/dont-fragment-client.ts`;
  const where = [GATEWAY, '3478', USER.username, USER.password, PEER, String(PEER_PORT)];
  const client = gatewayHost.start('client', productNode, [script, ...where]);
  try {
    await client.waitForOutput(/allocated[\s\S]*done/, 30_000);
  } finally {
    await client.stop();
  }
  await eventually('the watcher has told of the last', 15_000, () => watcher.output.includes('got h'));
  // b and e: too big for the second line, the router said so by ICMP. g: for the first, and the kernel did.
  expect(seen(0).filter((line) => !line.startsWith('got -'))).toEqual([
    'got a 1000 DF whole',
    'got c 1000 DF whole',
    expect.stringMatching(/^got d \d+ no-DF piece$/),
    'got f 1000 DF whole',
    'got h 1000 DF whole',
  ]);
  expect(seen(0).filter((line) => line.startsWith('got -'))).toEqual([expect.stringMatching(/no-DF piece$/)]);
});

test('coturn’s client gets its allocation with DONT-FRAGMENT, and its packets through', async ({ skip }) => {
  if (cannot !== undefined) skip(cannot);
  const before = seen(0).length;
  const echo = peer.start('peer', 'turnutils_peer', ['-L', PEER, '-p', String(PEER_PORT)]);
  const traffic = ['-g', '-s', '-c', '-X', '-m', '1', '-n', '20', '-l', '900', '-z', '5'];
  const user = ['-u', USER.username, '-w', USER.password, '-e', PEER, '-r', String(PEER_PORT)];
  const client = gatewayHost.start('uclient', 'turnutils_uclient', [...traffic, ...user, GATEWAY]);
  try {
    await eventually('the client ends', 30_000, () => client.exit);
    expect(client.output).toMatch(/tot_send_msgs=20, tot_recv_msgs=20/);
  } finally {
    await client.stop();
    await echo.stop();
  }
  // Several may come as one, which a line that is no cable does not take apart.
  const bytes = () => seen(before).reduce((sum, line) => sum + Number(line.split(' ')[2]), 0);
  await eventually('the watcher has told of all', 15_000, () => bytes() === 20 * 900);
  expect(seen(before).every((line) => line.endsWith(' DF whole'))).toBe(true);
});
