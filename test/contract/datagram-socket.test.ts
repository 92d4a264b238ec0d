import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Addon, loadAddon } from '../../src/adapters/native/addon.ts';
import { DATAGRAM_SLOTS, NativeUdp, PACKET_SLOTS, type Slots } from '../../src/adapters/native/native-udp.ts';
import { openUdpOnEach } from '../../src/adapters/udp/every-address.ts';
import { BindError, type OpenUdp, openUdp } from '../../src/adapters/udp/udp.ts';
import type { DatagramSocket } from '../../src/base/net.ts';

interface Engine {
  readonly name: string;
  readonly open: OpenUdp;
  readonly unsent: () => number;
  /** The longest datagram that it carries, bytes. */
  readonly longest: number;
}

/** What UDP over IPv4 can carry (RFC 791, RFC 768). */
const LONGEST = 65_507;

function nodeEngine(): Engine {
  let unsent = 0;
  return {
    name: 'node:dgram',
    open: (local) => openUdp(local, () => unsent++),
    unsent: () => unsent,
    longest: LONGEST,
  };
}

/** Where no compiler built the addon there is nothing to hold to the contract: the gateway does without it. */
function nativeEngines(): Engine[] {
  const addon = loadAddon();
  if (addon === undefined) return [];
  return [PACKET_SLOTS, DATAGRAM_SLOTS].map((slots) => nativeEngine(addon, slots));
}

function nativeEngine(addon: Addon, slots: Slots): Engine {
  let unsent = 0;
  const listener = {
    unsent: (count: number) => {
      unsent += count;
    },
    unwatched: () => {},
    fault: () => {},
  };
  const udp = new NativeUdp(addon, listener, slots);
  const open: OpenUdp = (local) => {
    const opened = udp.open(local);
    return 'code' in opened ? Promise.reject(new BindError(opened.code, local)) : Promise.resolve(opened);
  };
  const longest = Math.min(slots.bytes, LONGEST);
  return { name: `the addon with slots of ${slots.bytes}`, open, unsent: () => unsent, longest };
}

const V4 = { address: '127.0.0.1', port: 0 };

describe.each([nodeEngine(), ...nativeEngines()])(
  'a datagram socket of $name',
  ({ open, unsent, longest }) => {
    const all: DatagramSocket[] = [];
    afterEach(() => {
      for (const socket of all.splice(0)) socket.close();
    });

    async function opened(local: { address: string; port: number }): Promise<DatagramSocket> {
      const socket = await open(local);
      all.push(socket);
      return socket;
    }

    it.each(['127.0.0.1', '::1'])('carries bytes on %s, and tells from where', async (address) => {
      const [a, b] = [await opened({ address, port: 0 }), await opened({ address, port: 0 })];
      const got: unknown[] = [];
      b.onDatagram = (bytes, from, port) => got.push([[...bytes], from, port]);
      a.send(Uint8Array.of(1, 2, 3), b.local.port, address);
      a.send(new Uint8Array(0), b.local.port, address);
      await vi.waitFor(() => expect(got).toHaveLength(2));
      expect(got).toEqual([
        [[1, 2, 3], address, a.local.port],
        [[], address, a.local.port],
      ]);
    });

    it('sends a tick’s datagrams to several, of one length or of many: each whole, and in order', async () => {
      const before = unsent();
      const sender = await opened(V4);
      const receivers = await Promise.all([1, 2, 3].map(() => opened(V4)));
      const got: string[][] = receivers.map(() => []);
      for (const [i, receiver] of receivers.entries())
        receiver.onDatagram = (bytes) => {
          const same = bytes.every((byte) => byte === bytes[0]);
          got[i]!.push(`${bytes[0]}:${bytes.length}:${same}`);
        };
      // Alike, then a shorter one, longer ones, one that no path carries whole, none at all, and over a message's worth alike.
      const lengths = [1200, 1200, 1200, 700, 1200, 1201, 1201, 1600, 1600, 0, 90, 90, 90, 40];
      for (let i = 0; i < 60; i++) lengths.push(120);
      const wanted: string[][] = receivers.map(() => []);
      for (const [n, length] of lengths.entries())
        for (const [i, { local }] of receivers.entries()) {
          if (n % 5 === i) continue;
          const bytes = new Uint8Array(length).fill(n + 1);
          wanted[i]!.push(`${length === 0 ? undefined : n + 1}:${length}:true`);
          sender.send(bytes, local.port, '127.0.0.1');
        }
      await vi.waitFor(() => expect(got).toEqual(wanted));
      expect(unsent()).toBe(before);
    });

    it.each([
      ['127.0.0.1', '127.0.0.1'],
      ['::1', '::1'],
      ['::', '127.0.0.1'],
    ])('sends in one piece from %s to %s what must be, between what need not', async (from, to) => {
      const before = unsent();
      const sender = await opened({ address: from, port: 0 });
      if (sender.sendWhole === undefined) return;
      const receiver = await opened({ address: to, port: 0 });
      const got: number[] = [];
      receiver.onDatagram = (bytes) => void (bytes.length === 900 && got.push(bytes[0]!));
      for (let i = 0; i < 12; i++) {
        const bytes = new Uint8Array(900).fill(i);
        if (i % 3 === 0) sender.sendWhole(bytes, receiver.local.port, to);
        else sender.send(bytes, receiver.local.port, to);
      }
      await vi.waitFor(() => expect(got).toHaveLength(12));
      const isWhole = (i: number) => i % 3 === 0;
      expect(got.filter(isWhole)).toEqual([0, 3, 6, 9]);
      expect(got.filter((i) => !isWhole(i))).toEqual([1, 2, 4, 5, 7, 8, 10, 11]);
      expect(unsent()).toBe(before);
    });

    it('shows an IPv4 peer on :: by its IPv4 address, and answers it', async () => {
      const [both, v4] = [await opened({ address: '::', port: 0 }), await opened(V4)];
      let answer = 0;
      both.onDatagram = (bytes, from, port) => {
        expect(from).toBe('127.0.0.1');
        both.send(bytes, port, from);
      };
      v4.onDatagram = (bytes) => {
        answer = bytes[0] ?? 0;
      };
      v4.send(Uint8Array.of(7), both.local.port, '127.0.0.1');
      await vi.waitFor(() => expect(answer).toBe(7));
    });

    it('answers a link-local peer on :: by its zone', async () => {
      const own = Object.entries(networkInterfaces()).flatMap(([name, list]) =>
        (list ?? [])
          .filter(({ address }) => address.startsWith('fe80:'))
          .map(({ address }) => `${address}%${name}`),
      );
      // A machine without links but loopback has none.
      const [address] = own;
      if (address === undefined) return;
      const [server, client] = [
        await opened({ address: '::', port: 0 }),
        await opened({ address: '::', port: 0 }),
      ];
      const heard: string[] = [];
      server.onDatagram = (bytes, from, port) => {
        heard.push(from);
        server.send(bytes, port, from);
      };
      client.onDatagram = (_, from) => heard.push(from);
      client.send(Uint8Array.of(1), server.local.port, address);
      await vi.waitFor(() => expect(heard).toEqual([address, address]));
    });

    it('is one socket on each address of both families, and answers from the one that was asked', async () => {
      const server = await openUdpOnEach(
        { port: 0, addresses: ['127.0.0.1', '127.0.0.2', '::1', '192.0.2.99'], prefer: () => '127.0.0.1' },
        open,
      );
      all.push(server);
      server.onDatagram = (bytes, from, port) => server.send(bytes, port, from);
      // To whom nothing came from yet, by the family that he speaks.
      const stranger = await opened({ address: '::1', port: 0 });
      let spoken = '';
      stranger.onDatagram = (_, from) => {
        spoken = from;
      };
      server.send(Uint8Array.of(1), stranger.local.port, '::1');
      await vi.waitFor(() => expect(spoken).toBe('::1'));
      for (const [address, own] of [
        ['127.0.0.2', '127.0.0.1'],
        ['::1', '::1'],
        ['127.0.0.1', '127.0.0.1'],
      ] as const) {
        const client = await opened({ address: own, port: 0 });
        let source = '';
        client.onDatagram = (_, from) => {
          source = from;
        };
        client.send(Uint8Array.of(1), server.local.port, address);
        await vi.waitFor(() => expect(source).toBe(address));
      }
    });

    it('keeps the order of one sender, and loses nothing of a burst of a thousand', async () => {
      const [a, b] = [await opened(V4), await opened(V4)];
      const got: number[] = [];
      b.onDatagram = (bytes) => got.push(bytes[0]! * 256 + bytes[1]!);
      for (let i = 0; i < 1000; i++)
        a.send(Uint8Array.of(i >> 8, i & 255, ...new Uint8Array(170)), b.local.port, '127.0.0.1');
      await vi.waitFor(() => expect(got).toHaveLength(1000));
      expect(got).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    });

    it('carries the longest datagram whole, among short ones, and counts one that is longer', async () => {
      const [a, b] = [await opened(V4), await opened(V4)];
      const sizes = [1, longest, 2, longest - 1, 3];
      const got: [length: number, first: number, last: number][] = [];
      b.onDatagram = (bytes) => got.push([bytes.length, bytes[0]!, bytes.at(-1)!]);
      sizes.forEach((size, i) => {
        a.send(new Uint8Array(size).fill(i + 1), b.local.port, '127.0.0.1');
      });
      await vi.waitFor(() => expect(got).toEqual(sizes.map((size, i) => [size, i + 1, i + 1])));
      const before = unsent();
      a.send(new Uint8Array(longest + 1), b.local.port, '127.0.0.1');
      a.send(Uint8Array.of(9), b.local.port, '127.0.0.1');
      await vi.waitFor(() => expect(got.at(-1)).toEqual([1, 9, 9]));
      expect(unsent()).toBe(before + 1);
    });

    it('counts one of many that the kernel does not take, and sends those before and behind it', async () => {
      const [a, b] = [await opened(V4), await opened(V4)];
      const before = unsent();
      const got: number[] = [];
      b.onDatagram = (bytes) => got.push(bytes[0]!);
      for (let i = 0; i < 40; i++)
        a.send(Uint8Array.of(i), b.local.port, i % 5 === 2 ? '255.255.255.255' : '127.0.0.1');
      await vi.waitFor(() => expect(got).toHaveLength(32));
      expect(got).toEqual(Array.from({ length: 40 }, (_, i) => i).filter((i) => i % 5 !== 2));
      expect(unsent()).toBe(before + 8);
    });

    it('sends nothing from IPv4 to IPv6, not even to who has the first four bytes for an address', async () => {
      const [a, b] = [await opened(V4), await opened(V4)];
      const before = unsent();
      const got: number[] = [];
      b.onDatagram = (bytes) => got.push(bytes[0]!);
      a.send(Uint8Array.of(1), b.local.port, '7f00:1::');
      await vi.waitFor(() => expect(unsent()).toBe(before + 1));
      a.send(Uint8Array.of(2), b.local.port, '127.0.0.1');
      await vi.waitFor(() => expect(got).toEqual([2]));
    });

    it('tells many sockets apart', async () => {
      const sender = await opened(V4);
      const got = new Map<number, number>();
      const sockets = await Promise.all(Array.from({ length: 200 }, () => opened(V4)));
      for (const socket of sockets) socket.onDatagram = (bytes) => got.set(socket.local.port, bytes[0]!);
      sockets.forEach((socket, i) => {
        sender.send(Uint8Array.of(i), socket.local.port, '127.0.0.1');
      });
      await vi.waitFor(() => expect(got.size).toBe(200));
      expect(sockets.every((socket, i) => got.get(socket.local.port) === i)).toBe(true);
    });

    it('answers from within the receiver, and sends the last words of a socket that closes', async () => {
      const [a, b] = [await opened(V4), await opened(V4)];
      const got: string[] = [];
      a.onDatagram = (bytes) => got.push(new TextDecoder().decode(bytes));
      b.onDatagram = (bytes, from, port) => {
        b.send(bytes, port, from);
        b.send(new TextEncoder().encode('bye'), port, from);
        if (b.queued === 0) b.close();
      };
      a.send(new TextEncoder().encode('hello'), b.local.port, '127.0.0.1');
      await vi.waitFor(() => expect(got).toEqual(['hello', 'bye']));
    });

    it('hears and says nothing any more when it is closed', async () => {
      const [a, b, c] = [await opened(V4), await opened(V4), await opened(V4)];
      let heard = 0;
      b.onDatagram = () => heard++;
      b.close();
      b.close();
      b.send(Uint8Array.of(1), c.local.port, '127.0.0.1');
      a.send(Uint8Array.of(1), b.local.port, '127.0.0.1');
      let other = 0;
      c.onDatagram = () => other++;
      a.send(Uint8Array.of(1), c.local.port, '127.0.0.1');
      await vi.waitFor(() => expect(other).toBe(1));
      expect(heard).toBe(0);
    });

    it('names why a port cannot be had, and frees it when closed', async () => {
      const first = await opened(V4);
      const local = { address: '127.0.0.1', port: first.local.port };
      await expect(open(local)).rejects.toThrow(BindError);
      await expect(open(local)).rejects.toMatchObject({ code: 'EADDRINUSE' });
      await expect(open({ address: '192.0.2.1', port: 0 })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
      first.close();
      await vi.waitFor(async () => expect((await opened(local)).local.port).toBe(local.port));
    });

    it('counts what the kernel does not take, and goes on', async () => {
      const [a, b] = [await opened(V4), await opened(V4)];
      const before = unsent();
      // A broadcast without leave is refused at once.
      a.send(Uint8Array.of(1), 9, '255.255.255.255');
      await vi.waitFor(() => expect(unsent()).toBe(before + 1));
      let got = 0;
      b.onDatagram = () => got++;
      a.send(Uint8Array.of(1), b.local.port, '127.0.0.1');
      await vi.waitFor(() => expect(got).toBe(1));
    });
  },
);

describe('the addon', () => {
  it.each(['not an address', '1.2.3', '1.2.3.400'])('sends nothing to %s', async (address) => {
    for (const { open, unsent } of nativeEngines()) {
      const socket = await open(V4);
      socket.send(Uint8Array.of(1), 9, address);
      expect(unsent()).toBe(1);
      socket.close();
    }
  });

  it('takes no object of one class for one of another', () => {
    const addon = loadAddon();
    const { DtlsAssociation, SrtpTransform } = addon ?? {};
    if (addon === undefined || DtlsAssociation == null || SrtpTransform == null) return;
    const keys = new SrtpTransform(new Uint8Array(16), new Uint8Array(20), new Uint8Array(14), 10);
    expect(() => new DtlsAssociation(keys as never, true)).toThrow('takes a DtlsContext');
    const words = () => new Int32Array(64);
    const bytes = () => new Uint8Array(2048);
    const poll = new addon.UdpPoll(bytes(), words(), bytes(), words(), () => {}, 256);
    poll.lanes(new Float64Array(512), new Float64Array(64), new Int32Array(512));
    const socket = poll.open('127.0.0.1', 0);
    for (const other of [poll, {}, 7]) expect(poll.rest(socket, words(), other as never, keys, 0, 0)).toBe(0);
    expect(poll.rest(socket, words(), keys, keys, 0, 0)).toBe(1);
    poll.close(socket);
  });

  it('gives a new socket nothing of what had come to one that was closed in the same breath', async () => {
    const addon = loadAddon();
    if (addon === undefined) return;
    const faults: unknown[] = [];
    const fault = (error: unknown) => faults.push(error);
    const udp = new NativeUdp(addon, { unsent: () => {}, unwatched: () => {}, fault }, PACKET_SLOTS);
    const [sender, first, second] = [udp.open(V4), udp.open(V4), udp.open(V4)] as [
      DatagramSocket,
      DatagramSocket,
      DatagramSocket,
    ];
    const heard: string[] = [];
    let third: DatagramSocket | undefined;
    second.onDatagram = () => heard.push('second');
    first.onDatagram = () => {
      heard.push('first');
      second.close();
      third = udp.open(V4) as DatagramSocket;
      third.onDatagram = (bytes) => heard.push(`third ${bytes[0]}`);
    };
    // Both lie there when the thread looks: they come in one batch, in this order.
    sender.send(Uint8Array.of(1), first.local.port, '127.0.0.1');
    sender.send(Uint8Array.of(2), second.local.port, '127.0.0.1');
    await vi.waitFor(() => expect(heard).toContain('first'));
    sender.send(Uint8Array.of(3), third!.local.port, '127.0.0.1');
    await vi.waitFor(() => expect(heard.length).toBeGreaterThan(1));
    expect(heard).toEqual(['first', 'third 3']);
    expect(faults).toEqual([]);
    for (const socket of [sender, first, third!]) socket.close();
  });

  it('costs one datagram when a receiver fails, not those behind it', async () => {
    const addon = loadAddon();
    if (addon === undefined) return;
    const faults: unknown[] = [];
    const fault = (error: unknown) => faults.push(error);
    const listener = { unsent: () => {}, unwatched: () => {}, fault };
    const udp = new NativeUdp(addon, listener, PACKET_SLOTS);
    const [a, b] = [udp.open(V4), udp.open(V4)] as [DatagramSocket, DatagramSocket];
    let heard = 0;
    b.onDatagram = () => {
      if (++heard === 1) throw new Error('a bug');
    };
    a.send(Uint8Array.of(1), b.local.port, '127.0.0.1');
    a.send(Uint8Array.of(2), b.local.port, '127.0.0.1');
    await vi.waitFor(() => expect(heard).toBe(2));
    expect(faults).toHaveLength(1);
    a.close();
    b.close();
  });

  it('writes addresses of IPv6 as RFC 5952 has them', async () => {
    for (const { open } of nativeEngines()) {
      const socket = await open({ address: '::1', port: 0 });
      const heard: string[] = [];
      socket.onDatagram = (_, from) => heard.push(from);
      socket.send(Uint8Array.of(1), socket.local.port, '0:0:0:0:0:0:0:1');
      socket.send(Uint8Array.of(1), socket.local.port, '::0.0.0.1');
      await vi.waitFor(() => expect(heard).toEqual(['::1', '::1']));
      socket.close();
    }
  });
});
