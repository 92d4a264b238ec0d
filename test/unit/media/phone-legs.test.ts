import { expect, it } from 'vitest';
import { builtInCodecs } from '../../../src/audio/built-in-codecs.ts';
import type { QuietLane } from '../../../src/base/quiet-lane.ts';
import type { DtlsEvent } from '../../../src/media/dtls-port.ts';
import { PhoneLegs } from '../../../src/media/phone-legs.ts';
import { RoomMedia } from '../../../src/media/room-media.ts';
import type { RtpPortPair } from '../../../src/media/rtp-ports.ts';
import { SoundBook } from '../../../src/media/sound-book.ts';
import { RtpSender } from '../../../src/rtp/sender.ts';
import { SrtpOpener, SrtpSealer } from '../../../src/rtp/srtp/session.ts';
import { LossyNet } from '../../support/lossy-net.ts';
import { describePhone, Handset } from '../../support/media-phone.ts';

/** What the legs of a test are made of, but for DTLS and who hears them. */
function partsOf(net: LossyNet, pair: RtpPortPair) {
  return {
    ports: { inUse: 0, open: (opened: (pair: RtpPortPair) => void) => opened(pair), release() {} },
    clock: net,
    random: net.random,
    drops: { count() {} } as never,
    mediaTimeoutMs: 0,
    unixOffsetMs: 0,
    cname: 'test',
    sounds: new SoundBook(),
    emit() {},
    isForwarded: () => false,
    behindIce: undefined as never,
  };
}

it('forwards a phone under its new track once it is given one', () => {
  const net = new LossyNet(3);
  const room = new RoomMedia('RM_1', builtInCodecs);
  const forwarded: string[] = [];
  const pair = { rtp: net.open(), rtcp: net.open() };
  const legs = new PhoneLegs({
    ...partsOf(net, pair),
    dtls: {} as never,
    forward: (track) => forwarded.push(track),
  });
  const handset = new Handset(net, { address: '192.0.2.1', frequency: 440 });
  const codec = { mime: 'audio/pcma', payloadType: 8, clockRate: 8000, channels: 1, fmtp: '' };
  const media = {
    ...describePhone('192.0.2.1', handset.socket.local.port),
    ...{ codec, accept: [codec] },
  };
  const speak = () => net.every(20, 100, () => handset.speak(pair.rtp.local));
  legs.open('LG_1', room, 'TR_old');
  legs.apply('LG_1', media);
  speak();
  expect(new Set(forwarded)).toEqual(new Set(['TR_old']));
  expect(room.tick(net.now())).toMatchObject([{ track: 'TR_old' }]);
  forwarded.length = 0;
  legs.apply('LG_1', media, 'TR_new');
  speak();
  expect(new Set(forwarded)).toEqual(new Set(['TR_new']));
  // The old track speaks no more, though its phone does.
  expect(room.tick(net.now())).toMatchObject([{ track: 'TR_new' }]);
});

/** A leg whose phone keys by DTLS-SRTP, in which we have `role`; connected. `lane`: of its socket. */
function protectedLeg(role: 'server' | 'client', lane?: QuietLane) {
  const net = new LossyNet(3);
  const room = new RoomMedia('RM_1', builtInCodecs);
  const rtp = net.open();
  const pair = { rtp: lane === undefined ? rtp : Object.assign(rtp, { lane }), rtcp: net.open() };
  const dropped: string[] = [];
  const fingerprint = { algorithm: 'sha-256', value: 'AB' };
  let closed = 0;
  let tell: (event: DtlsEvent) => void = () => {};
  const legs = new PhoneLegs({
    ...partsOf(net, pair),
    dtls: {
      by: 'werift',
      fingerprint,
      open: ({ onEvent }) => {
        tell = onEvent;
        return { expect() {}, begin() {}, receive() {}, sendData: () => false, close: () => closed++ };
      },
    },
    drops: { count: (where: string, reason: string) => dropped.push(`${where} ${reason}`) } as never,
    forward() {},
  });
  const socket = net.open('192.0.2.1');
  const master = { key: new Uint8Array(16), salt: new Uint8Array(12) };
  const codec = { mime: 'audio/pcma', payloadType: 8, clockRate: 8000, channels: 1, fmtp: '' };
  const media = {
    ...describePhone('192.0.2.1', socket.local.port),
    ...{ codec, accept: [codec], dtls: { fingerprints: [fingerprint], role } },
  };
  legs.open('LG_1', room, 'TR_1');
  legs.apply('LG_1', media);
  socket.send(Uint8Array.of(22, 254, 253, 0), pair.rtp.local.port, pair.rtp.local.address);
  net.run(net.now() + 100);
  tell({ type: 'connected', profile: 'AEAD_AES_128_GCM', local: master, remote: master });
  return { net, room, pair, legs, socket, master, codec, media, dropped, closed: () => closed };
}

it.each(['server', 'client'] as const)(
  'lets a phone with DTLS rest by the lane of its socket, refreshed or not, where we are the %s',
  (role) => {
    const rests: unknown[] = [];
    const lane: QuietLane = {
      id: 1,
      fan: { send() {} },
      rest: (terms) => rests.push(terms) > 0,
      holds: () => false,
      drain: () => 0,
      wake() {},
    };
    const { net, room, pair, legs, socket, master, media } = protectedLeg(role, lane);
    const sealer = new SrtpSealer('AEAD_AES_128_GCM', master);
    const sender = new RtpSender(net.random, 160);
    const speak = (count: number) =>
      net.every(20, count, (now) => {
        const packet = sender.packet(new Uint8Array(160).fill(0xd5), 0, 160, 8, 'no-marker');
        sender.advance(160);
        const bytes = new Uint8Array(192);
        bytes.set(packet);
        const length = sealer.sealRtp(bytes, 12, packet.length);
        if (typeof length === 'number')
          socket.send(bytes.slice(0, length), pair.rtp.local.port, pair.rtp.local.address);
        room.tick(now);
      });
    speak(100);
    expect(rests.splice(0)).not.toEqual([]);
    // A session's refresh says the same again.
    legs.apply('LG_1', { ...media });
    speak(200);
    expect(rests).not.toEqual([]);
  },
);

it('leaves a call as it was when the new codec is none that can be sent, keys and DTLS too', () => {
  const { net, room, legs, socket, master, codec, media, dropped, closed } = protectedLeg('server');
  const heard: Uint8Array[] = [];
  socket.onDatagram = (bytes) => void heard.push(bytes);
  const unknown = { ...codec, mime: 'audio/unheard-of' };
  const other = [{ algorithm: 'sha-256', value: 'CD' }];
  legs.apply('LG_1', {
    ...media,
    codec: unknown,
    accept: [unknown],
    dtls: { fingerprints: other, role: 'server' },
  });
  const { dtls: _, ...plain } = media;
  legs.apply('LG_1', { ...plain, codec: unknown, accept: [unknown] });
  expect(dropped).toEqual(['worker leg-codec', 'worker leg-codec']);
  expect(closed()).toBe(0);
  net.every(20, 10, (now) => room.tick(now));
  expect(heard.length).toBeGreaterThan(5);
  const opener = new SrtpOpener('AEAD_AES_128_GCM', master);
  expect(heard.map((bytes) => opener.openRtp(bytes, bytes.length))).toEqual(heard.map(() => 172));
});
