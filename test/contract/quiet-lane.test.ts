import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadAddon } from '../../src/adapters/native/addon.ts';
import { NativeUdp, PACKET_SLOTS } from '../../src/adapters/native/native-udp.ts';
import { openUdp } from '../../src/adapters/udp/udp.ts';
import type { DatagramSocket, HostPort } from '../../src/base/net.ts';
import { LANE_HOLDS, type LaneTerms, type QuietLane } from '../../src/base/quiet-lane.ts';
import { PlainLane } from '../../src/leg/plain-lane.ts';

interface Engine {
  readonly name: string;
  /** `collect`: what the owner of a tick calls. */
  open(address: string): Promise<{ socket: DatagramSocket; lane: QuietLane; collect(): void }>;
}

const plain: Engine = {
  name: 'in TypeScript',
  async open(address) {
    const socket = await openUdp({ address, port: 0 });
    return { socket, lane: new PlainLane(socket), collect() {} };
  },
};

/** Where no compiler built the addon there is nothing to hold to the contract. */
function engines(): Engine[] {
  const addon = loadAddon();
  if (addon === undefined) return [plain];
  const udp = new NativeUdp(addon, { unsent() {}, unwatched() {}, fault() {} }, PACKET_SLOTS);
  const native: Engine = {
    name: 'of the addon',
    open(address) {
      const socket = udp.open({ address, port: 0 });
      if ('code' in socket || socket.lane === undefined) throw new Error('no lane');
      return Promise.resolve({ socket, lane: socket.lane, collect: () => udp.collect() });
    },
  };
  return [plain, native];
}

const QUIET = 0xd5;
const LOUD = 0x80;

const SSRC = 0xcafe1234;

/** An RTP packet of A-law. */
function packet(sequence: number, byte: number, size = 160, first = 0x80): Uint8Array {
  const bytes = new Uint8Array(12 + size).fill(byte, 12);
  bytes.set([first, 8, sequence >> 8, sequence & 255, 0xff, 0, sequence >> 8, sequence & 255]);
  bytes.set([0xca, 0xfe, 0x12, 0x34], 8);
  return bytes;
}

/** A phone that rests: what it sends, and what it is sent. */
function termsOf(peer: HostPort): LaneTerms {
  const out = { payloadType: 8, ssrc: 1, sequence: 0, timestamp: 0, ticks: 160 };
  return { peer, payloadType: 8, ssrc: SSRC, law: 'pcma', quiet: 300, out };
}

describe.each(engines())('a quiet lane $name', ({ open }) => {
  const all: DatagramSocket[] = [];
  afterEach(() => {
    for (const socket of all.splice(0)) socket.close();
  });

  /** A socket at rest, its phone, and what came through to its owner. */
  async function resting(address = '127.0.0.1') {
    const { socket, lane, collect } = await open(address);
    const phone = await openUdp({ address, port: 0 });
    all.push(socket, phone);
    const through: number[] = [];
    const cameAt: (number | undefined)[] = [];
    socket.onDatagram = (bytes, from, port, at) => {
      if (lane.holds(bytes, from, port, performance.now())) return;
      through.push(bytes[3]!);
      cameAt.push(at);
    };
    const terms: LaneTerms = {
      ...termsOf({ address, port: phone.local.port }),
      out: { payloadType: 8, ssrc: 0xfedcba98, sequence: 0xffff, timestamp: 0xffffff80, ticks: 160 },
    };
    lane.rest(terms);
    const held: [sequence: number, timestamp: number, at: number][] = [];
    const drain = () => lane.drain((...packet) => held.push(packet));
    /** Ticks until so much came through. */
    const comesThrough = (sequences: number[]) =>
      vi.waitFor(() => {
        for (let tick = 0; tick < LANE_HOLDS; tick++) collect();
        expect(through).toEqual(sequences);
      });
    const send = (bytes: Uint8Array, from: DatagramSocket = phone) =>
      from.send(bytes, socket.local.port, address);
    return { socket, lane, phone, terms, through, cameAt, held, drain, send, comesThrough };
  }

  it.each(['127.0.0.1', '::1'])(
    'keeps quiet packets of its peer on %s back, in order, and tells of them with their times',
    async (address) => {
      const { send, held, drain, comesThrough } = await resting(address);
      const began = performance.now();
      send(packet(1, QUIET));
      send(packet(2, QUIET, 80));
      send(packet(3, LOUD));
      await comesThrough([3]);
      expect(drain()).toBe(0);
      expect(held.map(([sequence, timestamp]) => [sequence, timestamp])).toEqual([
        [1, 0xff000001],
        [2, 0xff000002],
      ]);
      for (const [, , at] of held) {
        expect(at).toBeGreaterThanOrEqual(began - 1);
        expect(at).toBeLessThanOrEqual(performance.now() + 1);
      }
      drain();
      expect(held).toHaveLength(2);
    },
  );

  it('tells when what it lets through came, if that is a while ago', async () => {
    const { send, cameAt, comesThrough, phone } = await resting();
    const began = performance.now();
    send(packet(1, LOUD));
    // The packet lies there: by now all that was sent before it has arrived.
    const answer = new Promise((arrived) => {
      phone.onDatagram = arrived;
    });
    phone.send(packet(2, QUIET), phone.local.port, phone.local.address);
    await answer;
    const read = performance.now();
    await comesThrough([1]);
    expect(cameAt[0] ?? read).toBeGreaterThanOrEqual(began - 1);
    expect(cameAt[0] ?? read).toBeLessThanOrEqual(read + 1);
  });

  it('lets through what is loud, long, empty, of another payload type or stream, extended, no RTP, or of somebody else', async () => {
    const { send, drain, held, socket, comesThrough } = await resting();
    const stranger = await openUdp({ address: '127.0.0.1', port: 0 });
    all.push(stranger);
    const otherType = packet(4, QUIET);
    otherType[1] = 0;
    send(packet(1, LOUD));
    send(packet(2, QUIET, 320));
    send(packet(3, QUIET, 0));
    send(otherType);
    send(packet(5, QUIET, 160, 0x90));
    send(packet(6, QUIET, 160, 0x40));
    const otherStream = packet(7, QUIET);
    otherStream[8] = 0;
    send(otherStream);
    await comesThrough([1, 2, 3, 4, 5, 6, 7]);
    send(packet(8, QUIET), stranger);
    await comesThrough([1, 2, 3, 4, 5, 6, 7, 8]);
    drain();
    expect(held).toEqual([]);
    expect(socket.local.port).toBeGreaterThan(0);
  });

  it('keeps as many back as it may, and lets the next through', async () => {
    const { send, held, drain, comesThrough } = await resting();
    for (let i = 0; i < LANE_HOLDS + 2; i++) send(packet(i, QUIET));
    await comesThrough([LANE_HOLDS, LANE_HOLDS + 1]);
    drain();
    expect(held.map(([sequence]) => sequence)).toEqual(Array.from({ length: LANE_HOLDS }, (_, i) => i));
  });

  it('stamps what it sends, over the ends of both counters, and tells how many', async () => {
    const { lane, phone, drain } = await resting();
    const got: string[] = [];
    phone.onDatagram = (bytes) => got.push(Buffer.from(bytes).toString('hex'));
    const payload = new Uint8Array(160).fill(0x77);
    for (let i = 0; i < 2; i++) lane.fan.send(Int32Array.of(lane.id), 1, payload);
    const body = '77'.repeat(160);
    await vi.waitFor(() =>
      expect(got).toEqual([`8008ffffffffff80fedcba98${body}`, `8008000000000020fedcba98${body}`]),
    );
    expect(drain()).toBe(2);
    expect(drain()).toBe(0);
  });

  it('keeps and sends nothing any more once it is awake, and again when it rests again', async () => {
    const { lane, send, held, drain, terms, phone, comesThrough } = await resting();
    let got = 0;
    phone.onDatagram = () => got++;
    lane.wake();
    send(packet(1, QUIET));
    await comesThrough([1]);
    lane.fan.send(Int32Array.of(lane.id), 1, new Uint8Array(160));
    lane.rest(terms);
    send(packet(2, QUIET));
    send(packet(3, LOUD));
    await comesThrough([1, 3]);
    lane.fan.send(Int32Array.of(lane.id), 1, new Uint8Array(160));
    await vi.waitFor(() => expect(got).toBe(1));
    expect(drain()).toBe(1);
    expect(held.map(([sequence]) => sequence)).toEqual([2]);
  });

  it('is no more when its socket closes', async () => {
    const { lane, socket, drain, held } = await resting();
    socket.close();
    lane.fan.send(Int32Array.of(lane.id), 1, new Uint8Array(160));
    drain();
    lane.wake();
    expect(held).toEqual([]);
  });
});

it('what waits for the kernel is not written over by what is dropped meanwhile', () => {
  const sent: Uint8Array[] = [];
  const socket = {
    ...{ local: { address: '127.0.0.1', port: 9 }, onDatagram() {}, close() {} },
    queued: 0,
    send: (bytes: Uint8Array) => void sent.push(bytes),
  };
  const lane = new PlainLane(socket);
  lane.rest(termsOf(socket.local));
  for (let i = 0; i < 9; i++) {
    socket.queued = Math.min(i, 4);
    lane.send(Int32Array.of(0), 1, new Uint8Array(160).fill(i));
  }
  expect(sent.map((bytes) => [bytes[3], bytes[12]])).toEqual([0, 1, 2, 3].map((i) => [i, i]));
  expect(lane.drain(() => {})).toBe(9);
});

const addon = loadAddon();

// Only the addon has lanes that are read together: where no compiler built it there is nothing to see.
describe.skipIf(addon === undefined)('the lanes of the addon together', () => {
  const all: DatagramSocket[] = [];
  afterEach(() => {
    for (const socket of all.splice(0)) socket.close();
  });

  /** Sockets at rest for one phone, and which of its packets came through to them. */
  async function restingFor(count: number) {
    const udp = new NativeUdp(addon!, { unsent() {}, unwatched() {}, fault() {} }, PACKET_SLOTS);
    const phone = await openUdp({ address: '127.0.0.1', port: 0 });
    const through: number[] = [];
    all.push(phone);
    const sockets = Array.from({ length: count }, () => {
      const socket = udp.open({ address: '127.0.0.1', port: 0 });
      if ('code' in socket || socket.lane === undefined) throw new Error('no lane');
      const { lane } = socket;
      socket.onDatagram = (bytes) => through.push(bytes[3]!);
      lane.rest(termsOf(phone.local));
      all.push(socket);
      return { socket, lane };
    });
    return { udp, phone, sockets, through };
  }

  /** All that was sent to 127.0.0.1 before has arrived. */
  async function arrived(): Promise<void> {
    const probe = await openUdp({ address: '127.0.0.1', port: 0 });
    all.push(probe);
    const echo = new Promise((resolve) => {
      probe.onDatagram = resolve;
    });
    probe.send(new Uint8Array(1), probe.local.port, '127.0.0.1');
    await echo;
  }

  function held(lane: QuietLane): number[] {
    const sequences: number[] = [];
    lane.drain((sequence) => sequences.push(sequence));
    return sequences;
  }

  it('work off a backlog evenly, however many they are', async () => {
    const { udp, phone, sockets } = await restingFor(300);
    for (let sequence = 0; sequence < 6; sequence++)
      for (const { socket } of sockets) phone.send(packet(sequence, QUIET), socket.local.port, '127.0.0.1');
    await vi.waitFor(() => expect(phone.queued).toBe(0));
    await arrived();
    udp.collect();
    expect(sockets.filter(({ lane }) => held(lane).length !== 3)).toEqual([]);
    udp.collect();
    expect(sockets.filter(({ lane }) => held(lane).length !== 3)).toEqual([]);
  });

  it('let a packet through behind one that was loud, for a voice is heard in its order', async () => {
    const { udp, phone, sockets, through } = await restingFor(1);
    const [{ socket, lane }] = sockets as [(typeof sockets)[number]];
    phone.send(packet(1, LOUD), socket.local.port, '127.0.0.1');
    phone.send(packet(2, QUIET), socket.local.port, '127.0.0.1');
    await arrived();
    udp.collect();
    expect(through).toEqual([1, 2]);
    phone.send(packet(3, QUIET), socket.local.port, '127.0.0.1');
    await arrived();
    udp.collect();
    expect(held(lane)).toEqual([3]);
  });

  it('let no phone wait behind what a stranger sends to its port', async () => {
    const { udp, phone, sockets, through } = await restingFor(1);
    const [{ socket, lane }] = sockets as [(typeof sockets)[number]];
    const stranger = await openUdp({ address: '127.0.0.1', port: 0 });
    all.push(stranger);
    for (let i = 0; i < 500; i++) stranger.send(packet(200, QUIET), socket.local.port, '127.0.0.1');
    await vi.waitFor(() => expect(stranger.queued).toBe(0));
    phone.send(packet(7, LOUD), socket.local.port, '127.0.0.1');
    await arrived();
    for (let tick = 0; tick < 25; tick++) udp.collect();
    await vi.waitFor(() => expect(through).toContain(7));
    // Awake and at rest again it is as it was.
    lane.wake();
    lane.rest(termsOf(phone.local));
    phone.send(packet(8, QUIET), socket.local.port, '127.0.0.1');
    await arrived();
    udp.collect();
    expect(held(lane)).toEqual([8]);
  });
});

// The kernel's word for when a datagram came is asked for by the addon alone: Node cannot.
describe.skipIf(addon === undefined)('when a datagram came', () => {
  it.each(['timed', 'timed-crowd'] as const)(
    'a %s socket of the addon tells, however busy the thread was',
    async (told) => {
      const udp = new NativeUdp(addon!, { unsent() {}, unwatched() {}, fault() {} }, PACKET_SLOTS);
      const socket = udp.open({ address: '127.0.0.1', port: 0 }, 0, told);
      const phone = udp.open({ address: '127.0.0.1', port: 0 });
      if ('code' in socket || 'code' in phone) throw new Error('no sockets');
      const ages: number[] = [];
      socket.onDatagram = (_bytes, _address, _port, cameAt) =>
        ages.push(performance.now() - (cameAt ?? Number.NaN));
      for (let i = 0; i < 3; i++) phone.send(packet(i, QUIET), socket.local.port, '127.0.0.1');
      // They leave in a microtask, and the thread does nothing for a while right behind it.
      await Promise.resolve();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
      await vi.waitFor(() => expect(ages).toHaveLength(3));
      socket.close();
      phone.close();
      expect(Math.min(...ages)).toBeGreaterThan(40);
      expect(Math.max(...ages)).toBeLessThan(5000);
    },
  );
});

// Only the addon has sockets that the kernel watches for it (epoll): Node's own are not ours to refuse.
describe.skipIf(addon === undefined)('when the kernel watches no more sockets', () => {
  const script = join(import.meta.dirname, '../support/lane-without-watch.ts');
  const outcome = (which: string): unknown => {
    const run = spawnSync(process.execPath, [script, which], { encoding: 'utf8', timeout: 20_000 });
    return JSON.parse(run.stdout || JSON.stringify(run.stderr));
  };

  it('a lane in TypeScript rests in the place of the addon’s, which is told, and all is heard', () => {
    expect(outcome('rest')).toEqual([false, [1], 1]);
  });

  it('one that cannot wake the thread any more is told, and heard at the next tick', () => {
    expect(outcome('wake')).toEqual([1, [], [2]]);
  });
});
