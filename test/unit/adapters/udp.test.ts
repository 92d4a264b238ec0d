import { afterEach, describe, expect, it } from 'vitest';
import { openUdpOnEach } from '../../../src/adapters/udp/every-address.ts';
import { RtpPortRange } from '../../../src/adapters/udp/rtp-port-range.ts';
import { BindError, openUdp } from '../../../src/adapters/udp/udp.ts';
import type { DatagramSocket } from '../../../src/base/net.ts';
import type { RtpPortPair } from '../../../src/media/rtp-ports.ts';
import { freePortBlock } from '../../support/free-ports.ts';

const open: DatagramSocket[] = [];

afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

async function kept(socket: Promise<DatagramSocket>): Promise<DatagramSocket> {
  const one = await socket;
  open.push(one);
  return one;
}

/** The source of the next datagram. */
function nextSource(socket: DatagramSocket): Promise<string> {
  return new Promise((resolve) => {
    socket.onDatagram = (_bytes, address, port) => resolve(`${address}:${port}`);
  });
}

describe('a socket on ::', () => {
  it('speaks both families, and shows IPv4 peers as what they are', async () => {
    const server = await kept(openUdp({ address: '::', port: 0 }));
    const { port } = server.local;
    const sources: string[] = [];
    server.onDatagram = (bytes, address, from) => {
      sources.push(address);
      server.send(bytes.slice(), from, address);
    };
    for (const address of ['127.0.0.1', '::1']) {
      const client = await kept(openUdp({ address, port: 0 }));
      const source = nextSource(client);
      client.send(Uint8Array.of(1), port, address);
      expect(await source).toBe(`${address}:${port}`);
    }
    expect(sources).toEqual(['127.0.0.1', '::1']);
  });
});

describe('a socket on each address', () => {
  it('answers from the address that it was asked on', async () => {
    const server = await kept(
      openUdpOnEach({ port: 0, addresses: ['127.0.0.1', '127.0.0.2'], prefer: () => '127.0.0.1' }, openUdp),
    );
    server.onDatagram = (bytes, address, port) => server.send(bytes.slice(), port, address);
    const { port } = server.local;
    for (const address of ['127.0.0.2', '127.0.0.1', '127.0.0.2']) {
      const client = await kept(openUdp({ address: '127.0.0.1', port: 0 }));
      const source = nextSource(client);
      client.send(Uint8Array.of(1), port, address);
      expect(await source).toBe(`${address}:${port}`);
    }
  });

  it('speaks first from the preferred address', async () => {
    const server = await kept(
      openUdpOnEach({ port: 0, addresses: ['127.0.0.1', '127.0.0.2'], prefer: () => '127.0.0.2' }, openUdp),
    );
    const client = await kept(openUdp({ address: '127.0.0.1', port: 0 }));
    const source = nextSource(client);
    server.send(Uint8Array.of(1), client.local.port, '127.0.0.1');
    expect(await source).toBe(`127.0.0.2:${server.local.port}`);
  });

  it('listens on addresses that come later, and lets go of those that are gone', async () => {
    const both = await openUdpOnEach(
      { port: 0, addresses: ['127.0.0.1'], prefer: () => '127.0.0.2' },
      openUdp,
    );
    await kept(Promise.resolve(both));
    both.onDatagram = (bytes, address, port) => both.send(bytes.slice(), port, address);
    const { port } = both.local;
    const asked = async (address: string) => {
      const client = await kept(openUdp({ address: '127.0.0.1', port: 0 }));
      const source = nextSource(client);
      client.send(Uint8Array.of(1), port, address);
      return source;
    };
    expect(await Promise.all([both.rebind(['127.0.0.1', '127.0.0.2']), both.rebind(['127.0.0.2'])])).toEqual([
      [],
      [],
    ]);
    expect(await asked('127.0.0.2')).toBe(`127.0.0.2:${port}`);
    // The other is somebody else's again, and who was heard there is sent to from what is left.
    const other = await kept(openUdp({ address: '127.0.0.1', port }));
    const source = nextSource(other);
    both.send(Uint8Array.of(1), port, '127.0.0.1');
    expect(await source).toBe(`127.0.0.2:${port}`);
    const failed = await both.rebind(['127.0.0.1', '127.0.0.2', '127.0.0.3']);
    expect(failed.map(({ local }) => local.address)).toEqual(['127.0.0.1']);
    expect(await asked('127.0.0.3')).toBe(`127.0.0.3:${port}`);
    await both.rebind([]);
    both.send(Uint8Array.of(1), port, '127.0.0.1');
  });

  it('leaves nothing open when one address is taken', async () => {
    const other = await kept(openUdp({ address: '127.0.0.2', port: 0 }));
    const { port } = other.local;
    await expect(
      openUdpOnEach({ port, addresses: ['127.0.0.1', '127.0.0.2'], prefer: () => '127.0.0.1' }, openUdp),
    ).rejects.toThrow(BindError);
    await kept(openUdp({ address: '127.0.0.1', port }));
  });
});

describe('the RTP port range', () => {
  let now = 0;

  function range(first: number, last: number): RtpPortRange {
    const clock = { now: () => now };
    return new RtpPortRange({ address: '127.0.0.1', first, last, openUdp: (local) => openUdp(local), clock });
  }

  function pairOf(ports: RtpPortRange): Promise<RtpPortPair | undefined> {
    return new Promise((resolve) => ports.open(resolve));
  }

  it('gives even and odd neighbours, rests what came back, and says when nothing is left', async () => {
    const base = await freePortBlock(8);
    const ports = range(base + 1, base + 7);
    const first = await pairOf(ports);
    const second = await pairOf(ports);
    const third = await pairOf(ports);
    expect([first, second, third].map((pair) => pair?.rtp.local.port)).toEqual([
      base + 2,
      base + 4,
      base + 6,
    ]);
    expect(first?.rtcp.local.port).toBe(base + 3);
    expect(await pairOf(ports)).toBeUndefined();
    ports.release(first!);
    ports.release(third!);
    // What is under way to a port that was just freed must not reach the next call.
    expect(await pairOf(ports)).toBeUndefined();
    now += 2000;
    const again = await pairOf(ports);
    expect(again?.rtp.local.port).toBe(base + 2);
    ports.release(again!);
    ports.release(second!);
    expect(ports.inUse).toBe(0);
  });

  it('passes over a pair of which somebody else has a port', async () => {
    const base = await freePortBlock(4);
    const ports = range(base, base + 3);
    await kept(openUdp({ address: '127.0.0.1', port: base + 1 }));
    const pair = await pairOf(ports);
    expect(pair?.rtp.local.port).toBe(base + 2);
    ports.release(pair!);
    expect(ports.inUse).toBe(0);
  });
});
