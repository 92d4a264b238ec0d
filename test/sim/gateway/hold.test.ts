import { expect, it } from 'vitest';
import { convertRate } from '../../../src/audio/convert-rate.ts';
import { SoundBook } from '../../../src/media/sound-book.ts';
import { LossyNet } from '../../support/lossy-net.ts';
import { longestGap, TONES, tone, toneLevel, toneLevels } from '../../support/tones.ts';
import { VirtualGateway } from '../../support/virtual-gateway.ts';
import { VirtualPhone } from '../../support/virtual-phone.ts';

it.each(['a=sendonly', 'a=inactive'])(
  'a phone on hold by %s plays its music to nobody, however long',
  (hold) => {
    const net = new LossyNet(7);
    net.weather = { delayMs: 5, jitterMs: 5, loss: 0.02, duplicates: 0.01 };
    const gateway = new VirtualGateway(net);
    const phones = [0, 1].map((i) => new VirtualPhone(net, `10.0.1.${i + 1}`, TONES[i]!));
    const [holder, hearer] = phones as [VirtualPhone, VirtualPhone];
    const pass = (milliseconds: number) =>
      net.every(20, milliseconds / 20, () => {
        for (const phone of phones) phone.tick();
      });
    for (const phone of phones) phone.dial('lobby');
    pass(4000);
    holder.offerAgain(hold);
    pass(2000);
    // Longer than the media time-out: the holder goes on sending, and nobody may hear or miss it.
    const silentFrom = hearer.handset.recording().length;
    const sentFrom = holder.handset.received.length;
    pass(40_000);
    const during = hearer.handset.recording().subarray(silentFrom);
    expect(toneLevels(during, 8000, [TONES[0]])[0]).toBeLessThan(-70);
    expect(holder.handset.received.length).toBe(sentFrom);
    holder.offerAgain();
    pass(1000);
    const heardFrom = hearer.handset.recording().length;
    pass(3000);
    const after = hearer.handset.recording().subarray(heardFrom);
    expect(Math.abs(toneLevels(after, 8000, [TONES[0]])[0]! + 14.75)).toBeLessThan(3);
    expect(longestGap(after, 8000).lengthMs).toBeLessThan(100);
    expect(holder.said.slice(2)).toEqual([hold === 'a=sendonly' ? 'recvonly' : 'inactive', 'sendrecv']);
    for (const phone of phones) phone.hangUp();
    pass(60_000);
    expect(gateway.left()).toEqual({});
    expect(gateway.faults).toEqual([]);
    expect(gateway.stop()).toBe(0);
  },
);

const MUSIC_HZ = 1950;

it('a phone that we hold hears music, RTP to it never stops, and its room hears nothing of it', () => {
  const net = new LossyNet(7);
  const music = tone(MUSIC_HZ, 6000, 1000);
  const samples = [music, convertRate(music, 8000, 16_000)] as const;
  const sounds = new SoundBook([{ language: 'en', name: 'hold-music', samples: [...samples] }]);
  const gateway = new VirtualGateway(net, { sounds });
  const phones = [0, 1].map((i) => new VirtualPhone(net, `10.0.1.${i + 1}`, TONES[i]!));
  const [held, other] = phones as [VirtualPhone, VirtualPhone];
  const pass = (milliseconds: number) =>
    net.every(20, milliseconds / 20, () => {
      for (const phone of phones) phone.tick();
    });
  /** The levels of both voices and of the music in what a phone hears for two seconds, dBFS. */
  const hears = (phone: VirtualPhone) => {
    pass(1000);
    const from = phone.handset.recording().length;
    pass(2000);
    const heard = phone.handset.recording().subarray(from);
    const level = (hz: number) => toneLevel(heard, 8000, hz) > -30;
    return { held: level(TONES[0]), other: level(TONES[1]), music: level(MUSIC_HZ) };
  };
  for (const phone of phones) phone.dial('lobby');
  pass(2000);
  const room = gateway.rooms.find('lobby')!;
  const participant = [...room.participants.values()][0]!;
  expect(hears(held)).toEqual({ held: false, other: true, music: false });
  const packetsFrom = held.handset.received.length;
  const since = net.now();

  held.answersOffers = 'a=recvonly';
  room.orders.hold(participant, 'hold');
  expect(hears(held)).toEqual({ held: false, other: false, music: true });
  expect(hears(other)).toEqual({ held: false, other: false, music: false });
  expect(held.offered).toMatchObject([expect.stringContaining('a=sendonly')]);
  expect(participant.attributes.get('sip.onHold')).toBe('true');
  // A refresh by the phone, and longer than the media time-out: the hold and its music go on.
  held.offerAgain('a=recvonly');
  pass(40_000);
  expect(hears(held)).toMatchObject({ music: true });
  expect(held.ended).toBeUndefined();

  held.answersOffers = 'a=sendrecv';
  room.orders.hold(participant, 'resume');
  expect(hears(held)).toEqual({ held: false, other: true, music: false });
  expect(hears(other)).toMatchObject({ held: true });
  expect(participant.attributes.has('sip.onHold')).toBe(false);
  const packets = held.handset.received.length - packetsFrom;
  expect(packets).toBeGreaterThanOrEqual((net.now() - since) / 20 - 2);

  for (const phone of phones) phone.hangUp();
  pass(60_000);
  expect(gateway.left()).toEqual({});
  expect(gateway.faults).toEqual([]);
  expect(gateway.stop()).toBe(0);
});

it('a phone that holds, too, is sent nothing; one that refuses our hold talks on', () => {
  const net = new LossyNet(7);
  const gateway = new VirtualGateway(net);
  const phone = new VirtualPhone(net, '10.0.1.1', TONES[0]);
  const pass = (milliseconds: number) => net.every(20, milliseconds / 20, () => phone.tick());
  phone.dial('lobby');
  pass(1000);
  const room = gateway.rooms.find('lobby')!;
  const participant = [...room.participants.values()][0]!;
  room.orders.hold(participant, 'hold');
  pass(1000);
  expect(participant.attributes.has('sip.onHold')).toBe(false);
  const before = phone.handset.received.length;
  pass(1000);
  expect(phone.handset.received.length - before).toBeGreaterThanOrEqual(49);
  phone.answersOffers = 'a=inactive';
  room.orders.hold(participant, 'hold');
  pass(1000);
  expect(participant.attributes.get('sip.onHold')).toBe('true');
  const silentFrom = phone.handset.received.length;
  pass(1000);
  expect(phone.handset.received.length).toBe(silentFrom);
  phone.hangUp();
  pass(60_000);
  expect(gateway.left()).toEqual({});
  gateway.stop();
});
