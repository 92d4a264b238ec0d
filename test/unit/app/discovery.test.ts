import { expect, test } from 'vitest';
import { type Discovery, discoverAddresses } from '../../../src/app/discovery.ts';
import type { LocalAddress } from '../../../src/app/local-addresses.ts';
import type { DatagramSocket, HostPort } from '../../../src/base/net.ts';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import { StunBuilder } from '../../../src/stun/builder.ts';
import { StunMessage } from '../../../src/stun/message.ts';
import { Attribute } from '../../../src/stun/registry.ts';
import { SeededRandom } from '../../support/lossy-net.ts';

const MEDIA = 7882;
const LOCAL = local('10.0.0.5');
const PUBLIC = '203.0.113.7';

function local(address: string, internal = false): LocalAddress {
  const family = address.includes(':') ? 'IPv6' : 'IPv4';
  return { address, cidr: `${address}/${family === 'IPv4' ? 24 : 64}`, family, interface: 'eth0', internal };
}

/** A NAT: what a server sees of a socket, and where what is sent to a public place goes. */
interface Nat {
  sees(from: HostPort, server: HostPort): HostPort | undefined;
  inward(to: HostPort): HostPort | undefined;
}

/** One public address for one private, ports as they are. */
const oneToOne: Nat = {
  sees: ({ port }) => ({ address: PUBLIC, port }),
  inward: ({ address, port }) => (address === PUBLIC ? { address: LOCAL.address, port } : undefined),
};

/** What is found with STUN servers at .1 and .2, of either family but for `four.example`, from behind a NAT. */
async function discovered(nat: Nat, locals = [LOCAL], servers = ['one.example', 'two.example']) {
  const queue = new WakeQueue();
  let now = 0;
  const sockets = new Map<string, FakeSocket>();
  let nextPort = 50_000;
  let sent = 0;

  class FakeSocket implements DatagramSocket {
    readonly queued = 0;
    onDatagram: (bytes: Uint8Array, address: string, port: number) => void = () => {};
    readonly local: HostPort;
    constructor(at: HostPort) {
      this.local = at;
      sockets.set(key(at), this);
    }
    send(bytes: Uint8Array, port: number, address: string): void {
      sent++;
      const to = { address, port };
      const seen = nat.sees(this.local, to);
      if (seen === undefined) return;
      const copy = bytes.slice();
      queueMicrotask(() => {
        if (isServer(to)) this.onDatagram(answer(copy, seen), address, port);
        else {
          const inner = nat.inward(to);
          if (inner !== undefined) sockets.get(key(inner))?.onDatagram(copy, seen.address, seen.port);
        }
      });
    }
    close(): void {
      sockets.delete(key(this.local));
    }
  }

  let result: Discovery[] | undefined;
  void discoverAddresses({
    servers: servers.map((host) => ({ host, port: 3478 })),
    locals,
    port: MEDIA,
    openUdp: ({ address, port }) => Promise.resolve(new FakeSocket({ address, port: port || ++nextPort })),
    resolve: (host, family) => {
      if (host === 'four.example' && family === 'IPv6') return Promise.resolve(undefined);
      const network = family === 'IPv4' ? '198.51.100.' : '2001:db8:1::';
      return Promise.resolve(`${network}${host === 'two.example' ? 2 : 1}`);
    },
    clock: { now: () => now },
    timers: queue,
    random: new SeededRandom(7),
  }).then((found) => {
    result = found;
  });
  for (; result === undefined && now < 10_000; now += 50) {
    queue.run(now);
    await new Promise(setImmediate);
  }
  expect(sockets.size, 'sockets left open').toBe(0);
  expect(queue.next(), 'alarms left').toBe(Number.POSITIVE_INFINITY);
  return { found: result ?? [], took: now, sent };
}

function key({ address, port }: HostPort): string {
  return `${address} ${port}`;
}

function isServer({ address, port }: HostPort): boolean {
  return port === 3478 && (address.startsWith('198.51.100.') || address.startsWith('2001:db8:1::'));
}

function answer(request: Uint8Array, seen: HostPort): Uint8Array {
  const parsed = StunMessage.parse(request);
  if (!parsed.ok) throw new Error('no STUN');
  return StunBuilder.reply(parsed.value, 'success')
    .xorAddress(Attribute.xorMappedAddress, seen.address, seen.port)
    .finish();
}

test('behind a 1:1 NAT the public address is found, and a packet to it comes back', async () => {
  const { found, took } = await discovered(oneToOne);
  expect(found).toEqual([{ local: '10.0.0.5', address: PUBLIC, doubt: undefined }]);
  expect(took).toBeLessThan(500);
});

test('without a NAT nothing is tried: the address is our own', async () => {
  const { found, sent } = await discovered({ sees: (from) => from, inward: () => undefined }, [
    local('192.0.2.5'),
    local('2001:db8::5'),
    local('127.0.0.1', true),
  ]);
  expect(found).toEqual([
    { local: '192.0.2.5', address: '192.0.2.5', doubt: undefined },
    { local: '2001:db8::5', address: '2001:db8::5', doubt: undefined },
  ]);
  expect(sent).toBe(4);
});

test('a family that no server has is not doubted', async () => {
  const { found, sent } = await discovered(oneToOne, [LOCAL, local('2001:db8::5')], ['four.example']);
  expect(found).toEqual([
    { local: '10.0.0.5', address: PUBLIC, doubt: undefined },
    { local: '2001:db8::5', address: undefined, doubt: undefined },
  ]);
  expect(sent).toBe(2);
});

test.each<[string, Nat, Discovery['doubt'], string | undefined]>([
  ['lets nothing in', { ...oneToOne, inward: () => undefined }, 'not-reached', PUBLIC],
  [
    'sends what comes in elsewhere',
    { ...oneToOne, inward: ({ port }) => ({ address: '10.0.0.6', port }) },
    'not-reached',
    PUBLIC,
  ],
  [
    'gives another port',
    { ...oneToOne, sees: ({ port }) => ({ address: PUBLIC, port: port + 20_000 }) },
    'port-translated',
    PUBLIC,
  ],
  [
    'gives each server another port',
    {
      ...oneToOne,
      sees: ({ port }, { address }) => ({ address: PUBLIC, port: port + Number(address.at(-1)) }),
    },
    'mapping-varies',
    PUBLIC,
  ],
  ['lets nothing out', { ...oneToOne, sees: () => undefined }, 'no-answer', undefined],
  [
    'has a server that names loopback',
    { ...oneToOne, sees: ({ port }) => ({ address: '127.0.0.1', port }) },
    'no-answer',
    undefined,
  ],
])('a NAT that %s is told by its name', async (_, nat, doubt, address) => {
  const { found } = await discovered(nat);
  expect(found).toEqual([{ local: '10.0.0.5', address, doubt }]);
});

test('a server that is lost on the way is asked again, and one that never answers delays the start by two seconds', async () => {
  let lost = 0;
  const lossy: Nat = { ...oneToOne, sees: (from, to) => (lost++ < 2 ? undefined : oneToOne.sees(from, to)) };
  expect((await discovered(lossy)).found).toEqual([{ local: '10.0.0.5', address: PUBLIC, doubt: undefined }]);
  const half: Nat = {
    ...oneToOne,
    sees: (from, to) => (to.address === '198.51.100.2' ? undefined : oneToOne.sees(from, to)),
  };
  const { found, took } = await discovered(half);
  expect(found).toEqual([{ local: '10.0.0.5', address: PUBLIC, doubt: undefined }]);
  expect(took).toBeLessThanOrEqual(2300);
});
