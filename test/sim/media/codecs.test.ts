import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OpusCodecs } from '../../../src/adapters/opus/opus-codecs.ts';
import { voiceFormat } from '../../../src/audio/voice-format.ts';
import { RoomMix } from '../../../src/media/room-mix.ts';
import { DEFAULT_MIX, type MixSettings } from '../../../src/media/talkers.ts';
import { breathe, CodecPhone, encoderOf, type PhoneCodecName } from '../../support/codec-phone.ts';
import { LossyNet } from '../../support/lossy-net.ts';
import { longestGap, rmsLevel, TONES, toneLevel } from '../../support/tones.ts';

/** Amplitude 6000 of 32768. */
const SENT_DB = -14.75;

let codecs: OpusCodecs;

beforeAll(async () => {
  codecs = await OpusCodecs.load(4);
  // The first of a format makes its spares.
  (await encoderOf(codecs, voiceFormat('audio/opus', 'useinbandfec=1')!)).free();
});
afterAll(() => codecs.close());

async function room(
  names: readonly PhoneCodecName[],
  settings: MixSettings = DEFAULT_MIX,
  amplitudes?: number[],
) {
  const net = new LossyNet(17);
  net.weather = { delayMs: 5, jitterMs: 0, loss: 0, duplicates: 0 };
  const mix = new RoomMix(codecs, settings);
  const phones: CodecPhone[] = [];
  for (const [i, name] of names.entries()) {
    const address = `192.0.2.${i + 1}`;
    phones.push(await CodecPhone.open(net, codecs, name, address, TONES[i]!, amplitudes?.[i]));
  }
  for (const { under } of phones) mix.addPhone(under.leg);
  const run = async (milliseconds: number) => {
    for (let i = 0; i < milliseconds; i += 100) {
      net.every(20, 5, (now) => {
        for (const phone of phones) phone.speak();
        mix.tick(now);
        for (const phone of phones) phone.listen();
      });
      await breathe();
    }
  };
  const close = () => {
    for (const phone of phones) mix.removePhone(phone.under.leg);
    for (const phone of phones) phone.close();
  };
  return { net, mix, phones, run, close };
}

const names: PhoneCodecName[] = ['PCMA', 'PCMU', 'G722', 'OPUS'];
const heardBy = (phone: CodecPhone, hz: number, fromMs: number, toMs?: number) =>
  toneLevel(phone.recording(fromMs, toMs), phone.rate, hz);

describe('phones of different codecs', () => {
  it('each of four hears the three others at their level, and not itself', async () => {
    const { phones, run, close } = await room(names);
    await run(4000);
    phones.forEach((phone, i) => {
      phones.forEach((_, j) => {
        const level = heardBy(phone, TONES[j]!, 1500);
        const what = `${names[i]} hears ${names[j]} at ${level.toFixed(1)} dB`;
        if (i === j) expect(level, what).toBeLessThan(-45);
        else expect(Math.abs(level - SENT_DB), what).toBeLessThan(1);
      });
      expect(longestGap(phone.recording(1000), phone.rate, -40).lengthMs).toBe(0);
    });
    close();
  });

  it.each(names.flatMap((a) => names.map((b) => [a, b] as const)))('%s to %s, one talks', async (a, b) => {
    const { phones, run, close } = await room([a, b]);
    phones[1]!.talking = false;
    await run(2000);
    expect(Math.abs(heardBy(phones[1]!, TONES[0], 600) - SENT_DB)).toBeLessThan(1);
    expect(rmsLevel(phones[0]!.recording(600))).toBeLessThan(-60);
    close();
  });

  it('5 kHz goes from G.722 to G.722 and to Opus, and not as another tone to a narrow phone', async () => {
    const { phones, run, close } = await room(['G722', 'G722', 'OPUS', 'PCMA']);
    const { SineSource } = await import('../../../src/audio/tones.ts');
    phones[0]!.tone = new SineSource(5000, 6000, 16_000);
    for (const phone of phones.slice(1)) phone.talking = false;
    await run(3000);
    expect(Math.abs(heardBy(phones[1]!, 5000, 1000) - SENT_DB)).toBeLessThan(1);
    expect(Math.abs(heardBy(phones[2]!, 5000, 1000) - SENT_DB)).toBeLessThan(2);
    expect(heardBy(phones[3]!, 3000, 1000)).toBeLessThan(-60);
    expect(rmsLevel(phones[3]!.recording(1000))).toBeLessThan(-50);
    close();
  });

  it('a wide phone that comes and goes changes not one sample between narrow ones', async () => {
    const alone = await room(['PCMA', 'PCMU']);
    await alone.run(3000);
    const visited = await room(['PCMA', 'PCMU', 'G722']);
    visited.phones[2]!.talking = false;
    visited.mix.removePhone(visited.phones[2]!.under.leg);
    await visited.run(1000);
    visited.mix.addPhone(visited.phones[2]!.under.leg);
    await visited.run(1000);
    visited.mix.removePhone(visited.phones[2]!.under.leg);
    await visited.run(1000);
    for (const i of [0, 1]) expect(visited.phones[i]!.recording()).toEqual(alone.phones[i]!.recording());
    // Its playout shrinks meanwhile, so the tone moves a little.
    expect(Math.abs(heardBy(visited.phones[2]!, TONES[0], 1200, 1900) - SENT_DB)).toBeLessThan(2);
    alone.close();
    visited.close();
  });

  it.each(['G722', 'OPUS'] as const)(
    'a %s phone that begins and ceases to talk hears the other without a click',
    async (name) => {
      const { phones, run, close } = await room(['PCMA', name]);
      const phone = phones[1]!;
      await run(500);
      for (let i = 0; i < 6; i++) {
        phone.talking = i % 2 === 0;
        await run(1000);
      }
      const heard = phone.recording(1000);
      expect(longestGap(heard, 16_000, -30).lengthMs).toBe(0);
      expect(worstClick(heard, TONES[0])).toBeLessThan(name === 'G722' ? -30 : -25);
      close();
    },
  );
});

describe('the loudest few', () => {
  it('of six who talk three are heard, always the same, and a shout takes a place', async () => {
    const settings = { maxTalkers: 3, gain: undefined };
    const amplitudes = [500, 1000, 1200, 1100, 4000, 5000, 6000];
    const seven: PhoneCodecName[] = ['PCMA', 'PCMA', 'PCMA', 'PCMA', 'PCMU', 'PCMU', 'PCMU'];
    const { phones, run, close } = await room(seven, settings, amplitudes);
    phones[0]!.talking = false;
    await run(3000);
    const levels = () => [1, 2, 3, 4, 5, 6].map((i) => heardBy(phones[0]!, TONES[i]!, 1500, 3000) > -45);
    expect(levels()).toEqual([false, false, false, true, true, true]);
    const { SineSource } = await import('../../../src/audio/tones.ts');
    phones[1]!.tone = new SineSource(TONES[1], 12_000, 8000);
    await run(2000);
    expect(heardBy(phones[0]!, TONES[1], 3500)).toBeGreaterThan(-12);
    expect(heardBy(phones[0]!, TONES[4], 3500)).toBeLessThan(-45);
    expect(Math.abs(heardBy(phones[0]!, TONES[6], 3500) - SENT_DB)).toBeLessThan(1);
    close();
  });
});

/** The strongest 10 ms of what is no tone, dB of full scale: a notch at `hz`, which a click passes. */
function worstClick(samples: Int16Array, hz: number): number {
  const cos = 2 * Math.cos((2 * Math.PI * hz) / 16_000);
  let worst = 0;
  let power = 0;
  for (let i = 2; i < samples.length; i++) {
    const rest = (samples[i]! - cos * samples[i - 1]! + samples[i - 2]!) / 4;
    power += rest * rest;
    if (i % 160 !== 0) continue;
    worst = Math.max(worst, power / 160);
    power = 0;
  }
  return 10 * Math.log10(worst / 32_768 ** 2);
}
