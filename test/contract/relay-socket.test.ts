/**
 * The way between a relay of the TURN server and a media worker's port for browsers: over the kernel, and inside of the process. To both
 * ends the two are the same.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openUdpOnEach } from '../../src/adapters/udp/every-address.ts';
import { openUdp } from '../../src/adapters/udp/udp.ts';
import { relayWireMemory } from '../../src/adapters/wire/relay-wire.ts';
import { WiredMediaSocket } from '../../src/adapters/wire/wired-media.ts';
import { WiredRelays } from '../../src/adapters/wire/wired-relays.ts';
import type { DatagramSocket } from '../../src/base/net.ts';
import type { AddressFamily } from '../../src/stun/address.ts';
import type { RelayOpener } from '../../src/turn/ports.ts';

/** Where media are taken; relays are at the first of each family. */
const ADDRESSES = ['127.0.0.1', '127.0.0.2', '::1'];
const RELAY_AT: Readonly<Record<AddressFamily, string>> = { ipv4: '127.0.0.1', ipv6: '::1' };

interface Rig {
  readonly media: DatagramSocket;
  /** Packets that one of the two ends threw away because the other was behind. */
  readonly dropped: () => number;
  readonly faults: unknown[];
  relay(family?: AddressFamily): Promise<DatagramSocket>;
  close(): void;
}

const kernelOpener: RelayOpener = {
  open: (family, port, opened) => {
    openUdp({ address: RELAY_AT[family], port }).then(opened, () => opened(undefined));
  },
};

function openRelay(opener: RelayOpener, family: AddressFamily): Promise<DatagramSocket> {
  return new Promise((resolve, reject) => {
    openUdp({ address: RELAY_AT[family], port: 0 }).then((probe) => {
      const { port } = probe.local;
      probe.close();
      opener.open(family, port, (socket) => {
        if (socket === undefined) reject(new Error('the port is taken'));
        else resolve(socket);
      });
    }, reject);
  });
}

function openMedia(): Promise<DatagramSocket> {
  return openUdpOnEach({ port: 0, addresses: ADDRESSES, prefer: () => '127.0.0.1' }, openUdp);
}

async function kernelRig(): Promise<Rig> {
  const media = await openMedia();
  const relay = (family: AddressFamily = 'ipv4') => openRelay(kernelOpener, family);
  return { media, relay, dropped: () => 0, faults: [], close: () => media.close() };
}

async function wiredRig(): Promise<Rig> {
  const kernel = await openMedia();
  const [memory] = relayWireMemory(1) as [ReturnType<typeof relayWireMemory>[0]];
  let count = 0;
  const faults: unknown[] = [];
  const shared = {
    addresses: ADDRESSES,
    dropped: () => count++,
    onFault: (error: unknown) => faults.push(error),
  };
  const media = new WiredMediaSocket({ ...shared, kernel, memory });
  const port = media.local.port;
  const relays = new WiredRelays({ ...shared, kernel: kernelOpener, media: [{ port, memory }] });
  const relay = (family: AddressFamily = 'ipv4') => openRelay(relays, family);
  const close = () => {
    relays.close();
    media.close();
  };
  return { media, relay, dropped: () => count, faults, close };
}

describe.each([
  ['over the kernel', kernelRig],
  ['inside of the process', wiredRig],
])('a relay and media of ours, %s', (_, open) => {
  const all: { close(): void }[] = [];
  afterEach(() => {
    for (const one of all.splice(0)) one.close();
  });

  async function opened(...families: AddressFamily[]) {
    const rig = await open();
    all.push(rig);
    const relays = await Promise.all(families.map((family) => rig.relay(family)));
    all.push(...relays);
    return { rig, media: rig.media, port: rig.media.local.port, relays };
  }

  it.each(['ipv4', 'ipv6'] as const)('carry bytes both ways of %s, and tell from where', async (family) => {
    const { media, port, relays } = await opened(family);
    const [relay] = relays as [DatagramSocket];
    const got: unknown[] = [];
    media.onDatagram = (bytes, address, from) => {
      got.push([[...bytes], address, from]);
      media.send(Uint8Array.of(9, ...bytes), from, address);
    };
    relay.onDatagram = (bytes, address, from) => got.push([[...bytes], address, from]);
    relay.send(Uint8Array.of(1, 2, 3), port, RELAY_AT[family]);
    await vi.waitFor(() => expect(got).toHaveLength(2));
    expect(got).toEqual([
      [[1, 2, 3], RELAY_AT[family], relay.local.port],
      [[9, 1, 2, 3], RELAY_AT[family], port],
    ]);
  });

  it('answer by the address of ours that was spoken to last', async () => {
    const { media, port, relays } = await opened('ipv4');
    const [relay] = relays as [DatagramSocket];
    media.onDatagram = (bytes, address, from) => media.send(bytes, from, address);
    const answers: [number, string][] = [];
    relay.onDatagram = (bytes, address) => answers.push([bytes[0]!, address]);
    for (const [i, address] of ['127.0.0.1', '127.0.0.2', '127.0.0.1', '127.0.0.2'].entries()) {
      relay.send(Uint8Array.of(i), port, address);
      await vi.waitFor(() => expect(answers).toHaveLength(i + 1));
    }
    expect(answers).toEqual([
      [0, '127.0.0.1'],
      [1, '127.0.0.2'],
      [2, '127.0.0.1'],
      [3, '127.0.0.2'],
    ]);
  });

  it('keep the order, and lose nothing of a burst of a thousand, out of one buffer', async () => {
    const { rig, media, port, relays } = await opened('ipv4');
    const [relay] = relays as [DatagramSocket];
    const got: number[] = [];
    media.onDatagram = (bytes) => got.push(bytes[0]! * 256 + bytes[1]!);
    const packets = Array.from({ length: 1000 }, (_, i) =>
      Uint8Array.of(i >> 8, i & 255, ...new Uint8Array(170)),
    );
    for (const packet of packets) {
      relay.send(packet, port, '127.0.0.1');
      // The sender's buffer is its own again as soon as nothing is queued.
      if (relay.queued === 0) packet.fill(255);
    }
    await vi.waitFor(() => expect(got).toHaveLength(1000));
    expect(got).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(rig.dropped()).toBe(0);
  });

  it('tell many relays apart, the same port of both families too', async () => {
    const { media, port, relays } = await opened('ipv4', 'ipv6', 'ipv4', 'ipv6', 'ipv4');
    media.onDatagram = (bytes, address, from) => media.send(bytes, from, address);
    const got = relays.map(() => -1);
    for (const [i, relay] of relays.entries()) {
      relay.onDatagram = (bytes) => {
        got[i] = bytes[0]!;
      };
      relay.send(Uint8Array.of(i), port, relay.local.address);
    }
    await vi.waitFor(() => expect(got).toEqual([0, 1, 2, 3, 4]));
  });

  it('leave others alone: a stranger reaches media, and a relay what is no media', async () => {
    const { media, port, relays } = await opened('ipv4');
    const [relay] = relays as [DatagramSocket];
    const stranger = await openUdp({ address: '127.0.0.1', port: 0 });
    all.push(stranger);
    media.onDatagram = (bytes, address, from) => media.send(bytes, from, address);
    let echoed = 0;
    stranger.onDatagram = (_bytes, address, from) => {
      expect([address, from]).toEqual(['127.0.0.1', port]);
      echoed++;
    };
    stranger.send(Uint8Array.of(1), port, '127.0.0.1');
    await vi.waitFor(() => expect(echoed).toBe(1));
    const heard: number[] = [];
    stranger.onDatagram = (_bytes, _address, from) => heard.push(from);
    relay.send(Uint8Array.of(1), stranger.local.port, '127.0.0.1');
    await vi.waitFor(() => expect(heard).toEqual([relay.local.port]));
  });

  it('hear nothing any more of a relay that is closed, which others may then have', async () => {
    const { media, port, relays } = await opened('ipv4', 'ipv4');
    const [relay, other] = relays as [DatagramSocket, DatagramSocket];
    const from: number[] = [];
    media.onDatagram = (_bytes, _address, source) => from.push(source);
    let heard = 0;
    relay.onDatagram = () => heard++;
    relay.send(Uint8Array.of(1), port, '127.0.0.1');
    await vi.waitFor(() => expect(from).toHaveLength(1));
    relay.close();
    relay.close();
    relay.send(Uint8Array.of(1), port, '127.0.0.1');
    media.send(Uint8Array.of(1), relay.local.port, '127.0.0.1');
    other.send(Uint8Array.of(1), port, '127.0.0.1');
    await vi.waitFor(() => expect(from).toHaveLength(2));
    expect([from, heard]).toEqual([[relay.local.port, other.local.port], 0]);
    // The port is anybody's: a program of this machine that has it now is reached by the kernel.
    const heir = await openUdp({ address: '127.0.0.1', port: relay.local.port });
    all.push(heir);
    let inherited = 0;
    heir.onDatagram = () => inherited++;
    media.send(Uint8Array.of(1), heir.local.port, '127.0.0.1');
    await vi.waitFor(() => expect(inherited).toBe(1));
  });
});

describe('inside of the process', () => {
  it('what is too much or too long is dropped and counted, and what follows arrives', async () => {
    const rig = await wiredRig();
    const relay = await rig.relay();
    const { port } = rig.media.local;
    let got = 0;
    rig.media.onDatagram = () => got++;
    for (let i = 0; i < 1030; i++) relay.send(Uint8Array.of(1), port, '127.0.0.1');
    expect(rig.dropped()).toBe(6);
    await vi.waitFor(() => expect(got).toBe(1024));
    relay.send(new Uint8Array(2041), port, '127.0.0.1');
    expect(rig.dropped()).toBe(7);
    relay.send(new Uint8Array(2040), port, '127.0.0.1');
    await vi.waitFor(() => expect(got).toBe(1025));
    relay.close();
    rig.close();
  });

  it('a receiver that fails loses that packet, and not those behind it', async () => {
    const rig = await wiredRig();
    const relay = await rig.relay();
    let got = 0;
    rig.media.onDatagram = () => {
      if (++got === 1) throw new Error('a bug');
    };
    for (let i = 0; i < 3; i++) relay.send(Uint8Array.of(i), rig.media.local.port, '127.0.0.1');
    await vi.waitFor(() => expect(got).toBe(3));
    expect(rig.faults).toHaveLength(1);
    relay.close();
    rig.close();
  });

  it('the kernel carries none of it', async () => {
    const [memory] = relayWireMemory(1) as [ReturnType<typeof relayWireMemory>[0]];
    const carried: string[] = [];
    const kernelSocket = (name: string): DatagramSocket => ({
      ...{ local: { address: '127.0.0.1', port: 7882 }, queued: 0, onDatagram: () => {}, close: () => {} },
      send: () => carried.push(name),
    });
    const shared = { addresses: ADDRESSES, dropped: () => {}, onFault: () => {} };
    const media = new WiredMediaSocket({ ...shared, kernel: kernelSocket('media'), memory });
    const kernel: RelayOpener = { open: (_family, _port, opened) => opened(kernelSocket('relay')) };
    const relays = new WiredRelays({ ...shared, kernel, media: [{ port: 7882, memory }] });
    const relay = await new Promise<DatagramSocket>((resolve) => {
      relays.open('ipv4', 30_000, (socket) => resolve(socket!));
    });
    let echoed = 0;
    media.onDatagram = (bytes, address, port) => media.send(bytes, port, address);
    relay.onDatagram = () => echoed++;
    for (let i = 0; i < 100; i++) relay.send(Uint8Array.of(i), 7882, '127.0.0.2');
    await vi.waitFor(() => expect(echoed).toBe(100));
    expect(carried).toEqual([]);
    relay.send(Uint8Array.of(1), 7883, '127.0.0.2');
    media.send(Uint8Array.of(1), 30_001, '127.0.0.1');
    expect(carried).toEqual(['relay', 'media']);
    relays.close();
    media.close();
  });
});
