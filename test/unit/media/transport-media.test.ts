/** One browser's packets on the way out. */
import { expect, it } from 'vitest';
import { DropCounter } from '../../../src/media/drop-counter.ts';
import { TransportMedia } from '../../../src/media/transport-media.ts';
import { SrtpSealer } from '../../../src/rtp/srtp/session.ts';
import { Forwarder } from '../../../src/sfu/forwarder.ts';
import { HeaderExtensions } from '../../../src/sfu/header-extensions.ts';
import { RtxSender } from '../../../src/sfu/rtx-sender.ts';
import { TrackSender } from '../../../src/sfu/track-sender.ts';
import { LossyNet } from '../../support/lossy-net.ts';

const master = { key: new Uint8Array(16).fill(1), salt: new Uint8Array(12).fill(2) };

function rig() {
  const net = new LossyNet(2);
  const sent: Uint8Array[] = [];
  const path = { takes: true };
  const media = new TransportMedia({
    path: {
      sendReused: (bytes) => path.takes && sent.push(bytes.slice()) > 0,
      send() {},
      isReady: () => true,
      sealing: () => undefined,
      isSteady: () => true,
      onPacket() {},
    },
    drops: new DropCounter(),
    totals: { received: 0, sent: 0 },
    reporter: { ssrc: 1, cname: 'c' },
    srtp: undefined,
    bandwidth: { timers: net.queue, clock: net, onState() {} },
  });
  media.setKeys('AEAD_AES_128_GCM', master, master);
  const ids = { mid: 0, audioLevel: 0, absSendTime: 0, transportCc: 3 };
  const extensions = new HeaderExtensions(ids, '');
  // Packets have numbers beside a video.
  const video = new TrackSender({
    ...{ kind: 'video', ssrc: 6, rtxSsrc: 7, cname: 'c', mid: '', extensions: ids, output: media },
    codecs: [{ mime: 'video/vp8', clockRate: 90_000, payloadType: 96, rtx: 97 }],
    random: { bytes: (length) => new Uint8Array(length), u32: () => 1 },
  });
  let keyframes = 0;
  media.addSender(video, new Forwarder({ keyframeNeeded: () => keyframes++, refused() {} }));
  const rtx = new RtxSender({ ssrc: 7, sequence: 100, extensions, output: media });
  rtx.follow(97, 0);
  /** Of the packets that went: what both extensions and header say, which SRTP leaves readable. */
  const numbers = () =>
    sent.map((bytes) => ({
      sequence: bytes[2]! * 256 + bytes[3]!,
      transport: bytes[17]! * 256 + bytes[18]!,
    }));
  return { net, media, path, rtx, sent, numbers, keyframes: () => keyframes };
}

it('numbers without a gap what goes out, and nothing that does not', () => {
  const { path, rtx, numbers, media } = rig();
  rtx.pad(0);
  path.takes = false;
  rtx.pad(1);
  path.takes = true;
  rtx.pad(2);
  expect(numbers().map(({ transport }) => transport)).toEqual([1, 2]);
  expect(media.nextTransportSequence).toBe(3);
});

it('a retransmission that was begun and has nothing to send uses no number up', () => {
  const { rtx, numbers, media } = rig();
  rtx.pad(0);
  const at = { layer: 0, ssrc: 9, sourceSequence: 5, timestamp: 1, marker: false };
  const gone = { ...at, counters: undefined, counted: 'vp8' as const };
  rtx.log.note(40, gone, 0);
  const cache = { descriptor: () => undefined, copy: () => -1 };
  expect(rtx.resend([40], [cache as never], 100)).toBe(0);
  expect(media.nextTransportSequence).toBe(2);
  rtx.pad(101);
  expect(numbers()).toEqual([
    { sequence: 101, transport: 1 },
    { sequence: 102, transport: 2 },
  ]);
});

it.each([
  ['PLI (RFC 4585)', '81ce0002 00000009 00000006'],
  ['FIR (RFC 5104)', '84ce0004 00000009 00000000 00000006 01000000'],
])('a flood of %s asks the publisher for key frames twice a second', (_, hex) => {
  const { keyframes, media } = rig();
  const sealer = new SrtpSealer('AEAD_AES_128_GCM', master, undefined);
  for (let now = 1000; now < 3000; now += 10) {
    const bytes = new Uint8Array(200);
    bytes.set(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
    const sealed = sealer.sealRtcp(bytes, hex.replaceAll(' ', '').length / 2);
    if (typeof sealed !== 'number') throw new Error(String(sealed));
    media.onSrtcp(bytes.slice(0, sealed), now, now);
  }
  expect(keyframes()).toBe(4);
});
