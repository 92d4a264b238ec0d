import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadAddon } from '../../src/adapters/native/addon.ts';
import { nativeTransforms } from '../../src/adapters/native/native-srtp.ts';
import { NativeUdp, PACKET_SLOTS } from '../../src/adapters/native/native-udp.ts';
import { openUdp } from '../../src/adapters/udp/udp.ts';
import type { DatagramSocket } from '../../src/base/net.ts';
import type { LaneTerms } from '../../src/base/quiet-lane.ts';
import { DropCounter } from '../../src/media/drop-counter.ts';
import { SrtpSockets } from '../../src/media/srtp-sockets.ts';
import { keyLength, type SrtpProfile, saltLength } from '../../src/rtp/srtp/key-derivation.ts';
import { SrtpOpener, SrtpSealer } from '../../src/rtp/srtp/session.ts';
import { SRTP_OVERHEAD } from '../../src/rtp/srtp/transform.ts';

const addon = loadAddon();
const make = nativeTransforms(addon);
const PROFILES: SrtpProfile[] = ['AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_32', 'AEAD_AES_256_GCM'];
const QUIET = 0xd5;
const LOUD = 0x80;
const [THEIRS, OURS] = [0xcafe1234, 0xfedcba98];

function packet(ssrc: number, sequence: number, byte: number): Uint8Array {
  const bytes = new Uint8Array(12 + 160).fill(byte, 12);
  const view = new DataView(bytes.buffer);
  bytes.set([0x80, 8]);
  view.setUint16(2, sequence);
  view.setUint32(4, sequence * 160);
  view.setUint32(8, ssrc);
  return bytes;
}

/** Without the addon's ciphers there is no lane below SRTP: the leg's own stands above it then. */
describe.skipIf(addon === undefined || make === undefined).each(PROFILES)(
  'a lane under SRTP, %s',
  (profile) => {
    const all: DatagramSocket[] = [];
    afterEach(() => {
      for (const socket of all.splice(0)) socket.close();
    });

    /** Ports under SRTP that have exchanged a packet each way, at rest, and the phone with its keys. */
    async function resting(from: { heard: number; sent: number }) {
      const udp = new NativeUdp(addon!, { unsent() {}, unwatched() {}, fault() {} }, PACKET_SLOTS);
      const rtp = udp.open({ address: '127.0.0.1', port: 0 });
      const rtcp = udp.open({ address: '127.0.0.1', port: 0 });
      const phone = await openUdp({ address: '127.0.0.1', port: 0 });
      if ('code' in rtp || 'code' in rtcp) throw new Error('no sockets');
      all.push(rtp, rtcp, phone);
      const master = (fill: number) => ({
        key: new Uint8Array(keyLength(profile)).fill(fill),
        salt: new Uint8Array(saltLength(profile)).fill(fill),
      });
      const drops = new DropCounter();
      const sockets = new SrtpSockets({ rtp, rtcp }, performance, drops, make);
      sockets.setKeys({ profile, local: master(1), remote: master(2) });
      const sealer = new SrtpSealer(profile, master(2), make);
      const opener = new SrtpOpener(profile, master(1), make);
      const sealed = (plain: Uint8Array) => {
        const bytes = new Uint8Array(plain.length + SRTP_OVERHEAD);
        bytes.set(plain);
        return bytes.subarray(0, sealer.sealRtp(bytes, 12, plain.length) as number);
      };
      const through: number[] = [];
      sockets.rtp.onDatagram = (bytes) => through.push((bytes[2]! << 8) | bytes[3]!);
      const opened: (string | number)[] = [];
      phone.onDatagram = (bytes) => {
        const length = opener.openRtp(bytes, bytes.length);
        opened.push(typeof length === 'number' ? (bytes[2]! << 8) | bytes[3]! : length);
      };
      const send = (bytes: Uint8Array) => phone.send(bytes, rtp.local.port, '127.0.0.1');
      const talk = (sequence: number) =>
        sockets.rtp.send(packet(OURS, sequence, QUIET), phone.local.port, '127.0.0.1');
      const comesThrough = (sequences: number[]) =>
        vi.waitFor(() => {
          udp.collect();
          expect(through).toEqual(sequences);
        });
      send(sealed(packet(THEIRS, from.heard, QUIET)));
      await comesThrough([from.heard]);
      talk(from.sent);
      await vi.waitFor(() => expect(opened).toEqual([from.sent]));
      const { lane } = sockets.rtp;
      const terms: LaneTerms = {
        ...{
          peer: { address: '127.0.0.1', port: phone.local.port },
          payloadType: 8,
          ssrc: THEIRS,
          law: 'pcma',
          quiet: 300,
        },
        out: { payloadType: 8, ssrc: OURS, sequence: (from.sent + 1) & 0xffff, timestamp: 0, ticks: 160 },
      };
      expect(lane?.rest(terms)).toBe(true);
      const told = () => {
        const heard: number[] = [];
        const sent = lane!.drain((sequence) => heard.push(sequence));
        return { heard, sent };
      };
      const fan = () => lane!.fan.send(Int32Array.of(lane!.id), 1, new Uint8Array(160).fill(QUIET));
      const faults = () => {
        const counted: string[] = [];
        drops.flush((where, reason) => counted.push(`${where} ${reason}`));
        return counted;
      };
      return { lane: lane!, sealed, send, talk, opened, told, fan, faults, comesThrough };
    }

    it('counts what is quiet, hands over what is loud, and goes on over the end of the sequence numbers', async () => {
      const { sealed, send, told, comesThrough } = await resting({ heard: 65_533, sent: 7 });
      for (const sequence of [65_534, 65_535, 0, 1]) send(sealed(packet(THEIRS, sequence, QUIET)));
      send(sealed(packet(THEIRS, 2, LOUD)));
      await comesThrough([65_533, 2]);
      expect(told()).toEqual({ heard: [65_534, 65_535, 0, 1], sent: 0 });
      send(sealed(packet(THEIRS, 3, LOUD)));
      await comesThrough([65_533, 2, 3]);
    });

    it('takes nothing twice, and nothing that is forged', async () => {
      const { sealed, send, told, faults, comesThrough } = await resting({ heard: 10, sent: 7 });
      const second = sealed(packet(THEIRS, 11, QUIET));
      const forged = sealed(packet(THEIRS, 12, QUIET));
      forged[20]! ^= 1;
      send(second.slice());
      send(second.slice());
      send(forged);
      send(sealed(packet(THEIRS, 13, LOUD)));
      await comesThrough([10, 13]);
      expect(told().heard).toEqual([11]);
      expect(faults().sort()).toEqual(['srtp replayed', 'srtp unauthentic']);
    });

    it('seals what all are sent with indices of its own, which are used up when it wakes', async () => {
      const { lane, talk, opened, told, fan, faults } = await resting({ heard: 10, sent: 65_534 });
      for (let i = 0; i < 3; i++) fan();
      await vi.waitFor(() => expect(opened).toEqual([65_534, 65_535, 0, 1]));
      expect(told().sent).toBe(3);
      lane.wake();
      talk(1);
      talk(2);
      await vi.waitFor(() => expect(opened).toEqual([65_534, 65_535, 0, 1, 2]));
      expect(faults()).toEqual(['srtp seal-replayed']);
    });
  },
);
