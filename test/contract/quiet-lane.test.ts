import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadAddon } from '../../src/adapters/native/addon.ts';
import { NativeUdp, PACKET_SLOTS } from '../../src/adapters/native/native-udp.ts';
import { openUdp } from '../../src/adapters/udp/udp.ts';
import type { DatagramSocket } from '../../src/base/net.ts';
import { LANE_HOLDS, type LaneTerms, type QuietLane } from '../../src/base/quiet-lane.ts';
import { PlainLane } from '../../src/leg/plain-lane.ts';

interface Engine {
  readonly name: string;
  open(address: string): Promise<{ socket: DatagramSocket; lane: QuietLane }>;
}

const plain: Engine = {
  name: 'in TypeScript',
  async open(address) {
    const socket = await openUdp({ address, port: 0 });
    return { socket, lane: new PlainLane(socket) };
  },
};

/** Where no compiler built the addon there is nothing to hold to the contract. */
function engines(): Engine[] {
  const addon = loadAddon();
  if (addon === undefined) return [plain];
  const udp = new NativeUdp(addon, { unsent() {}, fault() {} }, PACKET_SLOTS);
  const native: Engine = {
    name: 'of the addon',
    open(address) {
      const socket = udp.open({ address, port: 0 });
      if ('code' in socket || socket.lane === undefined) throw new Error('no lane');
      return Promise.resolve({ socket, lane: socket.lane });
    },
  };
  return [plain, native];
}

const QUIET = 0xd5;
const LOUD = 0x80;

/** An RTP packet of A-law. */
function packet(sequence: number, byte: number, size = 160, first = 0x80): Uint8Array {
  const bytes = new Uint8Array(12 + size).fill(byte, 12);
  bytes.set([first, 8, sequence >> 8, sequence & 255]);
  return bytes;
}

describe.each(engines())('a quiet lane $name', ({ open }) => {
  const all: DatagramSocket[] = [];
  afterEach(() => {
    for (const socket of all.splice(0)) socket.close();
  });

  /** A socket at rest, its phone, and what came through to its owner. */
  async function resting(address = '127.0.0.1') {
    const { socket, lane } = await open(address);
    const phone = await openUdp({ address, port: 0 });
    all.push(socket, phone);
    const through: number[] = [];
    socket.onDatagram = (bytes, from, port) => {
      if (!lane.holds(bytes, from, port, performance.now())) through.push(bytes[3]!);
    };
    const terms: LaneTerms = {
      peer: { address, port: phone.local.port },
      payloadType: 8,
      law: 'pcma',
      quiet: 300,
      out: { payloadType: 8, ssrc: 0xfedcba98, sequence: 0xffff, timestamp: 0xffffff80, ticks: 160 },
    };
    lane.rest(terms);
    const held: [sequence: number, length: number, at: number][] = [];
    const drain = () => lane.drain((bytes, at) => held.push([bytes[3]!, bytes.length, at]));
    const send = (bytes: Uint8Array, from: DatagramSocket = phone) =>
      from.send(bytes, socket.local.port, address);
    return { socket, lane, phone, terms, through, held, drain, send };
  }

  it.each(['127.0.0.1', '::1'])(
    'holds quiet packets of its peer on %s, in order, with their times',
    async (address) => {
      const { send, held, drain, through } = await resting(address);
      const began = performance.now();
      send(packet(1, QUIET));
      send(packet(2, QUIET, 80));
      send(packet(3, LOUD));
      await vi.waitFor(() => expect(through).toEqual([3]));
      expect(drain()).toBe(0);
      expect(held.map(([sequence, length]) => [sequence, length])).toEqual([
        [1, 172],
        [2, 92],
      ]);
      for (const [, , at] of held) {
        expect(at).toBeGreaterThanOrEqual(began - 1);
        expect(at).toBeLessThanOrEqual(performance.now() + 1);
      }
      drain();
      expect(held).toHaveLength(2);
    },
  );

  it('lets through what is loud, long, empty, of another payload type, extended, no RTP, or of somebody else', async () => {
    const { send, through, drain, held, socket } = await resting();
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
    send(packet(7, QUIET), stranger);
    await vi.waitFor(() => expect(new Set(through)).toEqual(new Set([1, 2, 3, 4, 5, 6, 7])));
    drain();
    expect(held).toEqual([]);
    expect(socket.local.port).toBeGreaterThan(0);
  });

  it('holds as many as it may, and lets the next through', async () => {
    const { send, through, held, drain } = await resting();
    for (let i = 0; i < LANE_HOLDS + 2; i++) send(packet(i, QUIET));
    await vi.waitFor(() => expect(through).toEqual([LANE_HOLDS, LANE_HOLDS + 1]));
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

  it('holds and sends nothing any more once it is awake, and again when it rests again', async () => {
    const { lane, send, through, held, drain, terms, phone } = await resting();
    let got = 0;
    phone.onDatagram = () => got++;
    lane.wake();
    send(packet(1, QUIET));
    await vi.waitFor(() => expect(through).toEqual([1]));
    lane.fan.send(Int32Array.of(lane.id), 1, new Uint8Array(160));
    lane.rest(terms);
    send(packet(2, QUIET));
    send(packet(3, LOUD));
    await vi.waitFor(() => expect(through).toEqual([1, 3]));
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
