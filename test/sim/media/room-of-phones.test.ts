import { describe, expect, it } from 'vitest';
import { builtInCodecs } from '../../../src/audio/built-in-codecs.ts';
import { RoomMix } from '../../../src/media/room-mix.ts';
import { LossyNet, type Weather } from '../../support/lossy-net.ts';
import { describePhone, Handset, LegUnderTest } from '../../support/media-phone.ts';
import { longestGap, TONES, toneLevels } from '../../support/tones.ts';

/** Amplitude 6000 of 32768. */
const SENT_DB = -14.75;

function roomOf(count: number, weather: Weather, options: { seed?: number; frameMs?: number } = {}) {
  const net = new LossyNet(options.seed ?? 7);
  net.weather = weather;
  const mix = new RoomMix(builtInCodecs);
  const parties = Array.from({ length: count }, (_, i) => {
    const under = new LegUnderTest(net);
    const address = `192.0.2.${i + 1}`;
    const handset = new Handset(net, {
      address,
      frequency: TONES[i]!,
      law: i % 2 === 0 ? 'pcma' : 'pcmu',
      frameMs: options.frameMs ?? 20,
    });
    under.leg.apply(describePhone(address, handset.socket.local.port), net.now());
    mix.addPhone(under.leg);
    return { under, handset };
  });
  const perPacket = (options.frameMs ?? 20) / 10;
  let tens = 0;
  const run = (milliseconds: number) =>
    net.every(10, milliseconds / 10, (now) => {
      tens++;
      if (tens % perPacket === 0) for (const { under, handset } of parties) handset.speak(under.rtp.local);
      if (tens % 2 !== 0) return;
      mix.tick(now);
      for (const { handset } of parties) handset.listen();
    });
  return { net, mix, parties, run };
}

function expectEachHearsTheOthers(parties: ReturnType<typeof roomOf>['parties'], fromMs: number): void {
  const frequencies = parties.map((_, i) => TONES[i]!);
  parties.forEach(({ handset }, i) => {
    const levels = toneLevels(handset.recording(fromMs), 8000, frequencies);
    levels.forEach((level, j) => {
      if (j === i) expect(level, `phone ${i} hears itself`).toBeLessThan(-55);
      else expect(Math.abs(level - SENT_DB), `phone ${i} hears phone ${j} at ${level} dB`).toBeLessThan(3);
    });
  });
}

const CALM: Weather = { delayMs: 5, jitterMs: 0, loss: 0, duplicates: 0 };

describe('a room of phones', () => {
  it('four tones: each hears exactly the other three, without a gap', () => {
    const { parties, run } = roomOf(4, CALM);
    run(6000);
    expectEachHearsTheOthers(parties, 1000);
    for (const { handset } of parties)
      expect(longestGap(handset.recording(1000), 8000, -40).lengthMs).toBe(0);
  });

  it.each([10, 30, 40, 60])('with packets of %i ms too', (frameMs) => {
    const { parties, run } = roomOf(3, CALM, { frameMs });
    run(5000);
    expectEachHearsTheOthers(parties, 1000);
  });

  it.each([1, 2, 3])('no gap at 20 ms of jitter and 1 % loss (seed %i)', (seed) => {
    const { parties, run } = roomOf(3, { delayMs: 20, jitterMs: 20, loss: 0.01, duplicates: 0 }, { seed });
    run(20_000);
    for (const { handset, under } of parties) {
      expect(longestGap(handset.recording(1000), 8000, -40).lengthMs).toBeLessThanOrEqual(5);
      const quality = under.leg.close(20_000);
      expect(quality.lost).toBeGreaterThan(2);
      expect(quality.lost).toBeLessThan(30);
      expect(quality.jitterMs).toBeGreaterThan(3);
      expect(quality.jitterMs).toBeLessThan(12);
    }
  });

  it('sends every 20 ms into an empty room, marker on the first packet only', () => {
    const { parties, run } = roomOf(1, CALM);
    parties[0]!.handset.talking = false;
    run(2000);
    const { received } = parties[0]!.handset;
    expect(received.length).toBeGreaterThanOrEqual(99);
    expect(received.map(({ marker }) => marker).lastIndexOf(true)).toBe(0);
    received.slice(1).forEach((packet, i) => {
      const before = received[i]!;
      expect((packet.sequence - before.sequence) & 0xffff).toBe(1);
      expect((packet.timestamp - before.timestamp) >>> 0).toBe(160);
      expect(packet.at - before.at).toBe(20);
    });
  });

  it('a change of SSRC and of all numbers costs less than 60 ms', async () => {
    const { net, parties, run } = roomOf(2, CALM);
    run(2000);
    const { RtpSender } = await import('../../../src/rtp/sender.ts');
    parties[0]!.handset.sender = new RtpSender(net.random, 480);
    run(2000);
    const heard = parties[1]!.handset.recording(1000);
    expect(longestGap(heard, 8000, -40).lengthMs).toBeLessThanOrEqual(60);
    expect(longestGap(parties[1]!.handset.recording(2500), 8000, -40).lengthMs).toBe(0);
  });

  it('a mouth-to-ear delay under 110 ms on a calm network', () => {
    const { parties, run } = roomOf(2, CALM);
    parties[0]!.handset.talking = false;
    run(3000);
    parties[0]!.handset.talking = true;
    run(1000);
    const heard = parties[1]!.handset.recording(0);
    const first = heard.findIndex((sample) => Math.abs(sample) > 1000);
    // Speaking began at 3000 ms with a packet that was complete at 3020; two jitter buffers lie on the way.
    expect(first / 8 - 3020).toBeLessThan(110);
  });
});
