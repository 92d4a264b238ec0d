import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadAddon } from '../../src/adapters/native/addon.ts';
import { nativeTransforms } from '../../src/adapters/native/native-srtp.ts';
import { PACKET_SLOTS } from '../../src/adapters/native/native-udp.ts';
import { openUdpOnEach } from '../../src/adapters/udp/every-address.ts';
import { writeRtpHeader } from '../../src/rtp/packet.ts';
import {
  deriveSessionKeys,
  keyLength,
  type SrtpProfile,
  saltLength,
} from '../../src/rtp/srtp/key-derivation.ts';
import { createTransform, SRTP_OVERHEAD } from '../../src/rtp/srtp/transform.ts';
import { sealingSocket } from '../support/sealing-socket.ts';

const addon = loadAddon();
const make = nativeTransforms(addon);
const PROFILES: SrtpProfile[] = ['AEAD_AES_128_GCM', 'AEAD_AES_256_GCM', 'AES_CM_128_HMAC_SHA1_80'];

/** What is written into a way, and what it is to become. */
interface Packet {
  readonly way: number;
  readonly extension: number;
  readonly payload: number;
  readonly index: number;
}

/** Without the addon's ciphers packets are sealed before they are sent. */
describe.skipIf(addon === undefined || make === undefined).each(PROFILES)('a sealing way, %s', (profile) => {
  const all: { close(): void }[] = [];
  afterEach(() => {
    for (const one of all.splice(0)) one.close();
  });

  const keys = (fill: number) =>
    deriveSessionKeys(
      {
        key: new Uint8Array(keyLength(profile)).fill(fill),
        salt: new Uint8Array(saltLength(profile)).fill(fill),
      },
      'rtp',
    );

  async function opened() {
    const its = await sealingSocket(addon!);
    all.push(...its.closing);
    return its;
  }

  /** Writes a packet; answers the length of its header and of all of it. */
  function write(into: Uint8Array, { extension, index, payload, way }: Packet): [number, number] {
    const headerEnd = 12 + (extension === 0 ? 0 : 4 + 4 * extension);
    writeRtpHeader(into, 0, {
      ...{ payloadType: 111, marker: false, sequence: index & 0xffff, timestamp: index, ssrc: 100 + way },
      extension: extension === 0 ? 'none' : 'follows',
    });
    if (extension > 0) into.set([0xbe, 0xde, 0, extension], 12);
    into.fill(index & 0xff, headerEnd === 12 ? 12 : 16, headerEnd + payload);
    return [headerEnd, headerEnd + payload];
  }

  function sealedHere(fill: number, packet: Packet): Uint8Array {
    const bytes = new Uint8Array(2048);
    const [headerEnd, length] = write(bytes, packet);
    const by = createTransform(profile, keys(fill), 'rtp');
    return bytes.slice(0, by.sealRtp(bytes, headerEnd, length, 100 + packet.way, packet.index));
  }

  it('sends what the transforms in TypeScript would have sealed, among other datagrams, in order', async () => {
    const { ear, heard, socket, unsent } = await opened();
    const ways = [1, 2, 3].map((fill) => {
      const way = socket.sealing?.(make!(profile, keys(fill), 'rtp'), ear.local.port, '127.0.0.1');
      expect(way).toBeDefined();
      return way!;
    });
    const packet = fc.record({
      way: fc.integer({ min: 0, max: 2 }),
      extension: fc.integer({ min: 0, max: 5 }),
      payload: fc.oneof(fc.constant(100), fc.integer({ min: 0, max: 1400 })),
      index: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(packet, fc.constant('plain')), { maxLength: 30 }), async (list) => {
        heard.length = 0;
        const wanted: Uint8Array[] = [];
        for (const one of list) {
          if (typeof one === 'string') {
            wanted.push(Uint8Array.of(1, 2, 3));
            socket.send(wanted.at(-1)!, ear.local.port, '127.0.0.1');
            continue;
          }
          const [headerEnd, length] = write(ways[one.way]!.lend()!, one);
          expect(ways[one.way]!.commit(headerEnd, length, one.index)).toBe(true);
          wanted.push(sealedHere(one.way + 1, one));
        }
        await vi.waitFor(() => expect(heard).toHaveLength(wanted.length));
        // To one receiver, so they may share messages, but none passes another.
        expect(heard).toEqual(wanted);
      }),
      { numRuns: 40 },
    );
    expect(unsent()).toBe(0);
  });

  it('takes more in one turn than there are slots', async () => {
    const { ear, heard, socket } = await opened();
    const way = socket.sealing!(make!(profile, keys(1), 'rtp'), ear.local.port, '127.0.0.1')!;
    for (let index = 0; index < PACKET_SLOTS.count + 100; index++) {
      const [headerEnd, length] = write(way.lend()!, { way: 0, extension: 0, payload: 20, index });
      expect(way.commit(headerEnd, length, index)).toBe(true);
    }
    await vi.waitFor(() => expect(heard.length).toBeGreaterThan(PACKET_SLOTS.count));
    expect(heard[0]).toEqual(sealedHere(1, { way: 0, extension: 0, payload: 20, index: 0 }));
  });

  it('sends nothing that was overwritten meanwhile, or that is no packet', async () => {
    const { ear, heard, socket, unsent } = await opened();
    const way = socket.sealing!(make!(profile, keys(1), 'rtp'), ear.local.port, '127.0.0.1')!;
    expect(way.commit(12, 20, 1)).toBe(false);
    way.lend();
    socket.send(Uint8Array.of(9), ear.local.port, '127.0.0.1');
    expect(way.commit(12, 20, 1)).toBe(false);
    const wrong: [headerEnd: number, length: number][] = [
      [11, 20],
      [40, 20],
      [12, PACKET_SLOTS.bytes - SRTP_OVERHEAD + 1],
      [12, -1],
    ];
    for (const [headerEnd, length] of wrong) {
      way.lend();
      expect(way.commit(headerEnd, length, 2)).toBe(true);
    }
    await vi.waitFor(() => expect(unsent()).toBe(wrong.length));
    await vi.waitFor(() => expect(heard).toEqual([Uint8Array.of(9)]));
  });

  it('sends its last packets, then no more; its number may be another’s then', async () => {
    const { ear, heard, socket } = await opened();
    const by = (fill: number) => make!(profile, keys(fill), 'rtp');
    const first = socket.sealing!(by(1), ear.local.port, '127.0.0.1')!;
    const packet = { way: 0, extension: 0, payload: 50, index: 7 };
    const [headerEnd, length] = write(first.lend()!, packet);
    first.commit(headerEnd, length, 7);
    first.close();
    first.close();
    expect(first.lend()).toBeUndefined();
    expect(first.commit(12, 20, 8)).toBe(false);
    const second = socket.sealing!(by(2), ear.local.port, '127.0.0.1')!;
    write(second.lend()!, packet);
    second.commit(headerEnd, length, 7);
    await vi.waitFor(() => expect(heard).toEqual([sealedHere(1, packet), sealedHere(2, packet)]));
  });

  it('is not there for keys of others, nor on a socket that is closed', async () => {
    const { ear, socket } = await opened();
    const plain = createTransform(profile, keys(1), 'rtp');
    expect(socket.sealing!(plain, ear.local.port, '127.0.0.1')).toBeUndefined();
    expect(socket.sealing!({}, ear.local.port, '127.0.0.1')).toBeUndefined();
    socket.close();
    const native = make!(profile, keys(1), 'rtp');
    expect(socket.sealing!(native, ear.local.port, '127.0.0.1')).toBeUndefined();
  });

  it('follows the peer from one address of ours to another', async () => {
    const { ear, open } = await opened();
    const server = await openUdpOnEach(
      { port: 0, addresses: ['127.0.0.1', '127.0.0.2'], prefer: () => '127.0.0.1' },
      open,
    );
    all.push(server);
    const came: string[] = [];
    ear.onDatagram = (_, address) => came.push(address);
    const way = server.sealing!(make!(profile, keys(1), 'rtp'), ear.local.port, '127.0.0.1')!;
    const say = (index: number): void => {
      const [headerEnd, length] = write(way.lend()!, { way: 0, extension: 0, payload: 20, index });
      way.commit(headerEnd, length, index);
    };
    let asked = 0;
    server.onDatagram = () => asked++;
    say(1);
    await vi.waitFor(() => expect(came).toEqual(['127.0.0.1']));
    ear.send(Uint8Array.of(1), server.local.port, '127.0.0.2');
    await vi.waitFor(() => expect(asked).toBe(1));
    say(2);
    await vi.waitFor(() => expect(came).toEqual(['127.0.0.1', '127.0.0.2']));
    // An address that goes takes its socket with it.
    await server.rebind(['127.0.0.1']);
    say(3);
    await vi.waitFor(() => expect(came).toEqual(['127.0.0.1', '127.0.0.2', '127.0.0.1']));
    await server.rebind([]);
    expect(way.lend()).toBeUndefined();
    await server.rebind(['127.0.0.1']);
    say(4);
    await vi.waitFor(() => expect(came).toHaveLength(4));
    way.close();
    expect(way.lend()).toBeUndefined();
    ear.send(Uint8Array.of(1), server.local.port, '127.0.0.1');
    await vi.waitFor(() => expect(asked).toBe(2));
    expect(way.lend()).toBeUndefined();
  });
});
