import { expect, test } from 'vitest';
import { systemRandom } from '../../../src/adapters/crypto/crypto.ts';
import type { FanOut, FanRow } from '../../../src/base/fan-out.ts';
import type { SealingWay } from '../../../src/base/sealing-way.ts';
import { type IceCredentials, newIceCredentials } from '../../../src/ice/credentials.ts';
import { findExtension, parseRtp, RtpView, writeRtpHeader } from '../../../src/rtp/packet.ts';
import { SrtpOpener } from '../../../src/rtp/srtp/session.ts';
import type { PacketTransform } from '../../../src/rtp/srtp/transform.ts';
import { filledIn } from '../../support/filled-in.ts';
import { fingerprint, master, World } from './world.ts';

const PROFILE = 'AEAD_AES_128_GCM';
const OPUS = { mime: 'audio/opus', clockRate: 48_000, channels: 2, payloadType: 111, fmtp: '' };
const VP8 = { mime: 'video/vp8', clockRate: 90_000, channels: 1, payloadType: 96, fmtp: '', rtx: 97 };
const extensions = { mid: 4, audioLevel: 0, absSendTime: 0, transportCc: 3 };
const ADDRESS = '203.0.113.5';

/** Where a world's socket seals as it sends, as the addon's does, and how many such ways are open. */
class Ways {
  open = 0;
  sealed = 0;
  /** Packets that were made for all rows of a fan. */
  fanned = 0;

  /** `fans`: whether one packet can be given to many of them. */
  constructor(world: World, fans: 'fanning' | 'sealing') {
    const takers = new Map<SealingWay, (bytes: Uint8Array, headerEnd: number, index: number) => void>();
    if (fans === 'fanning') world.socket.fanOut = () => this.#fan(takers);
    world.socket.sealing = (sealer, port, address) => {
      const slot = new Uint8Array(2048);
      let closed = false;
      let told = (): void => {};
      this.open++;
      const way: SealingWay = {
        lend: () => (closed ? undefined : slot),
        commit: (headerEnd, length, index) => {
          takers.get(way)!(slot.subarray(0, length), headerEnd, index);
          return true;
        },
        close: () => {
          if (!closed) this.open--;
          closed = true;
          told();
        },
      };
      if (fans === 'fanning')
        way.steady = (moved) => {
          told = moved;
          return closed ? undefined : way;
        };
      takers.set(way, (plain, headerEnd, index) => {
        expect(closed).toBe(false);
        const by = sealer as PacketTransform;
        const bytes = new Uint8Array(2048);
        bytes.set(plain);
        const ssrc = new DataView(bytes.buffer).getUint32(8);
        const end = by.sealRtp(bytes, headerEnd, plain.length, ssrc, index);
        world.sent.push({ bytes: bytes.slice(0, end), address, port });
        this.sealed++;
      });
      return way;
    };
  }

  #fan(takers: Map<SealingWay, (bytes: Uint8Array, headerEnd: number, index: number) => void>): FanOut {
    const rows: FanRow[] = [];
    return {
      add: (row) => rows.push(row) > 0,
      remove: (at) => {
        const last = rows.pop()!;
        if (at < rows.length) rows[at] = last;
      },
      send: (packet) => {
        for (const row of rows)
          takers.get(row.way)!(filledIn(packet, row), packet.headerEnd, row.index + packet.advance);
        this.fanned += rows.length;
      },
    };
  }
}

/** One who hears a phone, whose packets `speak` sends. */
function listening(ways: 'fanning' | 'sealing' | 'plain') {
  const world = new World();
  const its = ways === 'plain' ? undefined : new Ways(world, ways);
  const local = newIceCredentials(systemRandom);
  world.host.open('TP', local);
  world.host.remote('TP', { ufrag: 'remote', pwd: 'p'.repeat(22) }, [fingerprint]);
  world.check(local, ADDRESS, 40_000);
  world.dtls[0]!.say({ type: 'connected', profile: PROFILE, local: master, remote: master });
  subscribe(world, 'audio', OPUS);
  return { world, ways: its, local, opener: new SrtpOpener(PROFILE, master) };
}

function subscribe(world: World, kind: 'audio' | 'video', codec: typeof OPUS | typeof VP8): void {
  world.host.openSender({
    ...{ sender: `SN_${kind}`, transport: 'TP', track: `TR_${kind}`, kind, mid: '0', cname: 'c' },
    ...{ ssrc: kind === 'audio' ? 9 : 10, rtxSsrc: 11, codecs: [codec], extensions },
  });
}

let sequence = 0;
function speak(world: World, count = 1): void {
  for (let i = 0; i < count; i++) {
    const bytes = new Uint8Array(12 + 100).fill(0x55);
    const fields = { payloadType: 111, marker: false, timestamp: 960 * sequence, ssrc: 7 };
    writeRtpHeader(bytes, 0, { ...fields, sequence: sequence++ & 0xffff, extension: 'none' });
    const view = new RtpView();
    parseRtp(bytes, bytes.length, view);
    world.host.forward('TR_audio', view, 'audio/opus', world.now);
    world.pass(20);
  }
}

/** Packets of the voice that went to `port`, opened. */
function heard({ opener, world }: { opener: SrtpOpener; world: World }, port = 40_000): RtpView[] {
  return world.sent.splice(0).flatMap(({ bytes, port: its }) => {
    const view = new RtpView();
    if (its !== port || (bytes[1]! >= 192 && bytes[1]! <= 223)) return [];
    const length = opener.openRtp(bytes, bytes.length);
    if (typeof length !== 'number' || parseRtp(bytes, length, view) !== undefined) return [];
    return view.ssrc === 9 ? [view] : [];
  });
}

function check(world: World, local: IceCredentials, port: number): void {
  world.check(local, ADDRESS, port);
}

test.each(['sealing', 'fanning'] as const)(
  'what leaves by %s is what would have been sealed before',
  (by) => {
    const [plain, sealing] = [listening('plain'), listening(by)];
    const contents = [plain, sealing].map((one) => {
      sequence = 65_530;
      speak(one.world, 12);
      return heard(one).map(({ payload, sequence: number, marker }) => ({ payload, number, marker }));
    });
    expect(contents[0]).toHaveLength(12);
    const first = contents.map((list) => list[0]!.number);
    const counted = contents.map((list, i) =>
      list.map(({ number, ...rest }) => ({ ...rest, number: (number - first[i]!) & 0xffff })),
    );
    expect(counted[1]).toEqual(counted[0]);
    expect(sealing.ways!.sealed).toBe(12);
    expect(sealing.ways!.fanned).toBe(by === 'fanning' ? 11 : 0);
    expect(sealing.world.host.takeCounts().rtpToBrowsers).toBe(12);
  },
);

test.each(['sealing', 'fanning'] as const)(
  '%s goes where the peer nominates, one way at a time, until the end',
  (by) => {
    const one = listening(by);
    speak(one.world, 3);
    expect(heard(one)).toHaveLength(3);
    check(one.world, one.local, 40_001);
    speak(one.world, 2);
    expect(heard(one, 40_001)).toHaveLength(2);
    expect(one.ways!.open).toBe(1);
    one.world.host.close('TP');
    speak(one.world);
    expect(heard(one, 40_001)).toHaveLength(0);
    expect(one.ways!.open).toBe(0);
  },
);

test.each(['sealing', 'fanning'] as const)(
  '%s takes the spare path besides while the peer is silent',
  (by) => {
    const one = listening(by);
    check(one.world, one.local, 40_001);
    check(one.world, one.local, 40_000);
    // Its packets came all the time, and then come no more: keys are not needed for that, only a proven address.
    for (let i = 0; i < 120; i++) {
      one.world.socket.onDatagram(new Uint8Array(40).fill(0x80), ADDRESS, 40_000);
      one.world.pass(20);
    }
    one.world.sent.length = 0;
    speak(one.world, 5);
    expect(one.world.sent.filter(({ port }) => port === 40_001)).toHaveLength(0);
    // Although there is a second path, which is not in use.
    expect(one.ways!.fanned).toBe(by === 'fanning' ? 4 : 0);
    one.world.pass(1000);
    one.world.sent.length = 0;
    speak(one.world);
    const ports = one.world.sent
      .filter(({ bytes }) => bytes[1]! < 192 || bytes[1]! > 223)
      .map(({ port }) => port);
    expect(ports.sort()).toEqual([40_000, 40_001]);
    // It is back, and one path is enough.
    one.world.socket.onDatagram(new Uint8Array(40).fill(0x80), ADDRESS, 40_000);
    one.world.sent.length = 0;
    speak(one.world, 3);
    expect(one.world.sent.map(({ port }) => port)).toEqual([40_000, 40_000, 40_000]);
    expect(one.ways!.fanned).toBe(by === 'fanning' ? 6 : 0);
  },
);

test.each(['plain', 'fanning'] as const)(
  'a voice has transport-wide numbers only while there is a video to be fitted to the connection: %s',
  (by) => {
    const one = listening(by);
    const numbered = () => {
      one.world.sent.length = 0;
      speak(one.world, 3);
      return heard(one).map((view) => findExtension(view, 3) !== 0);
    };
    expect(numbered()).toEqual([false, false, false]);
    subscribe(one.world, 'video', VP8);
    expect(numbered()).toEqual([true, true, true]);
    one.world.host.closeSender('SN_video');
    expect(numbered()).toEqual([false, false, false]);
    expect(one.ways?.fanned).toBe(by === 'fanning' ? 4 : undefined);
  },
);
