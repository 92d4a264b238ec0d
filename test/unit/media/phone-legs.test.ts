import { expect, it } from 'vitest';
import { builtInCodecs } from '../../../src/audio/built-in-codecs.ts';
import { PhoneLegs } from '../../../src/media/phone-legs.ts';
import { RoomMedia } from '../../../src/media/room-media.ts';
import { SoundBook } from '../../../src/media/sound-book.ts';
import { LossyNet } from '../../support/lossy-net.ts';
import { describePhone, Handset } from '../../support/media-phone.ts';

it('forwards a phone under its new track once it is given one', () => {
  const net = new LossyNet(3);
  const room = new RoomMedia('RM_1', builtInCodecs);
  const forwarded: string[] = [];
  const pair = { rtp: net.open(), rtcp: net.open() };
  const legs = new PhoneLegs({
    dtls: {} as never,
    ports: { inUse: 0, open: (opened) => opened(pair), release() {} },
    clock: net,
    random: net.random,
    drops: { count() {} } as never,
    mediaTimeoutMs: 0,
    unixOffsetMs: 0,
    cname: 'test',
    sounds: new SoundBook(),
    emit() {},
    forward: (track) => forwarded.push(track),
    isForwarded: () => false,
    behindIce: undefined as never,
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
