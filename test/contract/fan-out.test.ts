import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadAddon } from '../../src/adapters/native/addon.ts';
import { nativeTransforms } from '../../src/adapters/native/native-srtp.ts';
import { PACKET_SLOTS } from '../../src/adapters/native/native-udp.ts';
import { openUdpOnEach } from '../../src/adapters/udp/every-address.ts';
import type { FannedPacket, FanRow } from '../../src/base/fan-out.ts';
import type { SealingWay } from '../../src/base/sealing-way.ts';
import { writeRtpHeader } from '../../src/rtp/packet.ts';
import { deriveSessionKeys } from '../../src/rtp/srtp/key-derivation.ts';
import { createTransform, SRTP_OVERHEAD } from '../../src/rtp/srtp/transform.ts';
import { filledIn } from '../support/filled-in.ts';
import { sealingSocket } from '../support/sealing-socket.ts';

const addon = loadAddon();
const make = nativeTransforms(addon);
const PROFILE = 'AEAD_AES_128_GCM';
/** Behind the header: the extension's head, a MID of two bytes, and padding. */
const HEADER_END = 12 + 4 + 4;

const keys = (fill: number) =>
  deriveSessionKeys({ key: new Uint8Array(16).fill(fill), salt: new Uint8Array(12).fill(fill) }, 'rtp');

function packet(advance: number, payload: number): FannedPacket {
  const bytes = new Uint8Array(HEADER_END + payload).fill(advance & 0xff, HEADER_END);
  const fields = { payloadType: 111, marker: false, sequence: 0, timestamp: 0, ssrc: 0 };
  writeRtpHeader(bytes, 0, { ...fields, extension: 'follows' });
  bytes.set([0xbe, 0xde, 0, 1, 0x21, 0, 0, 0], 12);
  const timestamp = (advance * 960) >>> 0;
  return { bytes, length: bytes.length, headerEnd: HEADER_END, timestamp, advance, midAt: 17 };
}

// Only the addon makes one packet many: without it each is made by itself, which test/unit/sfu/fans.test.ts compares.
describe.skipIf(addon === undefined || make === undefined)('the fan of the addon (there is no other)', () => {
  const all: { close(): void }[] = [];
  afterEach(() => {
    for (const one of all.splice(0)) one.close();
  });

  async function opened() {
    const { closing, ear, heard, open, socket, unsent } = await sealingSocket(addon!);
    all.push(...closing);
    const way = (fill: number): SealingWay =>
      socket.sealing!(make!(PROFILE, keys(fill), 'rtp'), ear.local.port, '127.0.0.1')!;
    return { socket, ear, heard, open, unsent, way };
  }

  function row(way: SealingWay, number: number, index = 1000 * number): FanRow {
    const mid = Uint8Array.of(0x30 + (number >> 4), 0x30 + (number & 15));
    return { way, ssrc: 0x80000000 + number, timestampOffset: number * 12_345 - 50_000, index, mid };
  }

  function sealedHere(fill: number, its: FanRow, sent: FannedPacket): Uint8Array {
    const bytes = new Uint8Array(2048);
    bytes.set(filledIn(sent, its));
    const by = createTransform(PROFILE, keys(fill), 'rtp');
    return bytes.slice(0, by.sealRtp(bytes, sent.headerEnd, sent.length, its.ssrc, its.index + sent.advance));
  }

  it('sends each row what the transforms in TypeScript would have sealed, among other datagrams, in order', async () => {
    const { ear, heard, socket, unsent, way } = await opened();
    const ways = Array.from({ length: 20 }, (_, fill) => way(fill));
    const step = fc.oneof(
      fc.record({
        do: fc.constant('add' as const),
        way: fc.nat({ max: 19 }),
        ahead: fc.nat({ max: 2 ** 47 }),
      }),
      fc.record({ do: fc.constant('remove' as const), at: fc.nat({ max: 9 }) }),
      fc.record({
        do: fc.constant('send' as const),
        lost: fc.nat({ max: 40_000 }),
        payload: fc.nat({ max: 900 }),
      }),
      fc.constant({ do: 'plain' as const }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        heard.length = 0;
        const fan = socket.fanOut!()!;
        const rows: { fill: number; row: FanRow }[] = [];
        const wanted: Uint8Array[] = [];
        let advance = 0;
        for (const one of steps) {
          if (one.do === 'add' && rows.length < 10) {
            // Somebody new is at an index below the advance of all, or far above.
            const its = row(ways[one.way]!, one.way, one.ahead - advance);
            expect(fan.add(its)).toBe(true);
            rows.push({ fill: one.way, row: its });
          } else if (one.do === 'remove' && one.at < rows.length) {
            fan.remove(one.at);
            const last = rows.pop()!;
            if (one.at < rows.length) rows[one.at] = last;
          } else if (one.do === 'plain') {
            wanted.push(Uint8Array.of(1, 2, 3));
            socket.send(wanted.at(-1)!, ear.local.port, '127.0.0.1');
          } else if (one.do === 'send') {
            advance += 1 + one.lost;
            const sent = packet(advance, one.payload);
            fan.send(sent);
            for (const { fill, row: its } of rows) wanted.push(sealedHere(fill, its, sent));
          }
        }
        await vi.waitFor(() => expect(heard).toHaveLength(wanted.length));
        expect(heard).toEqual(wanted);
      }),
      { numRuns: 40 },
    );
    expect(unsent()).toBe(0);
  });

  it('serves more than there are slots', async () => {
    const { heard, socket, way } = await opened();
    const fan = socket.fanOut!()!;
    const its = way(1);
    for (let number = 0; number < PACKET_SLOTS.count + 100; number++) {
      const mid = Uint8Array.of(number >> 8, number & 0xff);
      expect(fan.add({ way: its, ssrc: number, timestampOffset: 0, index: 0, mid })).toBe(true);
    }
    fan.send(packet(1, 10));
    await vi.waitFor(() => expect(heard.length).toBeGreaterThan(PACKET_SLOTS.count));
    expect(heard.map((bytes) => ((bytes[10]! << 8) | bytes[11]!) & 0xffff)).toEqual(heard.map((_, i) => i));
  });

  it('takes none of another thread’s sockets, none that is closed, and MIDs of one length', async () => {
    const { socket, way } = await opened();
    const other = await opened();
    const fan = socket.fanOut!()!;
    const closed = way(1);
    closed.close();
    expect(fan.add(row(closed, 1))).toBe(false);
    expect(fan.add(row(other.way(1), 1))).toBe(false);
    expect(fan.add({ ...row(way(1), 1), mid: new Uint8Array(17) })).toBe(false);
    expect(fan.add(row(way(1), 1))).toBe(true);
    expect(fan.add({ ...row(way(2), 2), mid: Uint8Array.of(1) })).toBe(false);
  });

  it('throws on what is no packet, and sends none of it', async () => {
    const { heard, socket, way } = await opened();
    const fan = socket.fanOut!()!;
    fan.add(row(way(1), 1));
    const good = packet(1, 50);
    const wrong = [
      { length: good.length + 1 },
      { headerEnd: 11 },
      { headerEnd: good.length + 1 },
      { midAt: HEADER_END - 1 },
      { midAt: -1 },
      { length: -1 },
      { bytes: new Uint8Array(4096), length: PACKET_SLOTS.bytes - SRTP_OVERHEAD + 1 },
    ];
    for (const one of wrong) expect(() => fan.send({ ...good, ...one })).toThrow();
    fan.send(good);
    await vi.waitFor(() => expect(heard).toHaveLength(1));
  });

  it('is told when a way closes, or goes out by another address of ours', async () => {
    const { ear, open, socket, way } = await opened();
    const moved = vi.fn();
    const plain = way(1);
    expect(plain.steady!(moved)).toBe(plain);
    plain.close();
    expect(moved).toHaveBeenCalledTimes(1);
    expect(plain.steady!(moved)).toBeUndefined();

    const server = await openUdpOnEach(
      { port: 0, addresses: ['127.0.0.1', '127.0.0.2'], prefer: () => '127.0.0.1' },
      open,
    );
    all.push(server);
    moved.mockClear();
    const moving = server.sealing!(make!(PROFILE, keys(1), 'rtp'), ear.local.port, '127.0.0.1')!;
    const first = moving.steady!(moved)!;
    expect(socket.fanOut!()!.add(row(first, 1))).toBe(true);
    let asked = 0;
    server.onDatagram = () => asked++;
    ear.send(Uint8Array.of(1), server.local.port, '127.0.0.1');
    await vi.waitFor(() => expect(asked).toBe(1));
    // It speaks to where it is answered from already.
    expect(moved).not.toHaveBeenCalled();
    ear.send(Uint8Array.of(1), server.local.port, '127.0.0.2');
    await vi.waitFor(() => expect(moved).toHaveBeenCalled());
    expect(moving.steady!(moved)).not.toBe(first);
    moved.mockClear();
    await server.rebind(['127.0.0.1']);
    expect(moved).toHaveBeenCalled();
    expect(moving.steady!(moved)).toBeDefined();
    moving.close();
    moved.mockClear();
    await server.rebind(['127.0.0.1', '127.0.0.2']);
    expect(moved).not.toHaveBeenCalled();
    expect(moving.steady!(moved)).toBeUndefined();
  });
});
