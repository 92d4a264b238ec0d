import { afterEach, describe, expect, it } from 'vitest';
import { LossyNet, type Weather } from '../../support/lossy-net.ts';
import { longestGap, TONES, toneLevels } from '../../support/tones.ts';
import { VirtualGateway } from '../../support/virtual-gateway.ts';
import { VirtualPhone } from '../../support/virtual-phone.ts';

const CALM: Weather = { delayMs: 2, jitterMs: 1, loss: 0, duplicates: 0 };
/** Amplitude 6000 of 32768. */
const SENT_DB = -14.75;

let faults: () => string[] = () => [];

afterEach(() => {
  expect(faults(), 'faults of the gateway').toEqual([]);
});

function world(seed: number, weather: Weather = CALM) {
  const net = new LossyNet(seed);
  net.weather = weather;
  const gateway = new VirtualGateway(net);
  faults = () => gateway.faults;
  const phones: VirtualPhone[] = [];
  return {
    net,
    gateway,
    phone(): VirtualPhone {
      const one = new VirtualPhone(net, `10.0.1.${phones.length + 1}`, TONES[phones.length % TONES.length]!);
      phones.push(one);
      return one;
    },
    pass: (milliseconds: number) =>
      net.every(20, milliseconds / 20, () => {
        for (const phone of phones) phone.tick();
      }),
  };
}

describe('the whole gateway in virtual time', () => {
  it('lets three phones in one room hear each other and not themselves, and keeps nothing', () => {
    const { gateway, phone, pass } = world(1);
    const phones = [phone(), phone(), phone()];
    for (const one of phones) one.dial('lobby');
    pass(10_000);
    expect(phones.map((one) => one.said)).toEqual(phones.map(() => ['180', 'answered']));
    const frequencies = TONES.slice(0, 3);
    phones.forEach(({ handset }, i) => {
      const sound = handset.recording(1000);
      toneLevels(sound, 8000, frequencies).forEach((level, j) => {
        if (i === j) expect(level, `phone ${i} hears itself`).toBeLessThan(-55);
        else expect(Math.abs(level - SENT_DB), `phone ${i} hears ${j} at ${level} dB`).toBeLessThan(3);
      });
      expect(longestGap(sound, 8000).lengthMs).toBeLessThan(10);
    });
    for (const one of phones) one.hangUp();
    // 32 s of transactions, 20 s of an empty room.
    pass(60_000);
    expect(gateway.left()).toEqual({});
    expect(gateway.stop()).toBe(0);
    expect(gateway.events.filter((event) => event.type === 'call.ended')).toHaveLength(3);
  });

  it('sends to a phone that is alone, without a pause', () => {
    const { phone, pass } = world(2);
    const alone = phone();
    alone.dial('empty');
    pass(30_000);
    const { received } = alone.handset;
    expect(received.length).toBeGreaterThan(1480);
    for (let i = 1; i < received.length; i++) {
      expect(received[i]!.sequence).toBe((received[i - 1]!.sequence + 1) & 0xffff);
      expect(received[i]!.at - received[i - 1]!.at).toBeLessThan(30);
    }
  });

  it('sets up and ends every call although every tenth datagram is lost', () => {
    const { gateway, phone, pass } = world(3, { delayMs: 10, jitterMs: 20, loss: 0.1, duplicates: 0.05 });
    const phones = Array.from({ length: 20 }, () => phone());
    phones.forEach((one, i) => {
      one.dial(`room-${i % 5}`);
      pass(100);
    });
    pass(15_000);
    expect(phones.filter((one) => !one.answered)).toEqual([]);
    for (const one of phones) one.hangUp();
    pass(90_000);
    expect(gateway.left()).toEqual({});
    expect(gateway.stop()).toBe(0);
    const endings = gateway.events.flatMap((event) =>
      event.type === 'call.ended' ? [event.ending.cause] : [],
    );
    expect(endings).toHaveLength(20);
    expect(new Set(endings)).toEqual(new Set(['bye']));
  });

  it('keeps nothing of callers who give up while it rings', () => {
    const { gateway, net, phone, pass } = world(4);
    for (let i = 0; i < 20; i++) {
      const one = phone();
      one.dial('lobby');
      // Some give up before the port is bound, some cross the answer.
      net.run(net.now() + (i % 8));
      one.giveUp();
    }
    pass(60_000);
    expect(gateway.left()).toEqual({});
    expect(gateway.stop()).toBe(0);
    expect(gateway.events.filter((event) => event.type === 'call.ended')).toHaveLength(20);
  });

  it('ends a call whose phone has vanished', () => {
    const { gateway, phone, pass } = world(5);
    const one = phone();
    one.dial('lobby');
    pass(2000);
    one.tick = () => {};
    pass(31_000);
    expect(one.ended).toMatchObject({ by: 'bye' });
    expect(gateway.events.find((event) => event.type === 'call.ended')).toMatchObject({
      ending: { cause: 'media-timeout', fault: 'upstream' },
    });
    pass(60_000);
    expect(gateway.left()).toEqual({});
  });

  it('says good-bye to everybody when it stops', () => {
    const { gateway, phone, pass } = world(6);
    const phones = [phone(), phone()];
    for (const one of phones) one.dial('lobby');
    pass(2000);
    gateway.endpoint.shutdown();
    gateway.door.stop();
    gateway.rooms.stop('server_shutdown');
    pass(500);
    expect(phones.map((one) => one.ended?.by)).toEqual(['bye', 'bye']);
    const late = phone();
    late.dial('lobby');
    pass(1000);
    expect(late.ended).toMatchObject({ by: 'rejected', status: 503 });
    pass(60_000);
    expect(gateway.left()).toEqual({});
  });
});
