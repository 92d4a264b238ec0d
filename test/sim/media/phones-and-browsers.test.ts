import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OpusCodecs, openOpusEncoder } from '../../../src/adapters/opus/opus-codecs.ts';
import type { VoiceEncoder } from '../../../src/audio/codec.ts';
import { SineSource } from '../../../src/audio/tones.ts';
import { RoomMix } from '../../../src/media/room-mix.ts';
import { VoiceSource } from '../../../src/media/voice-source.ts';
import { parseRtp, RtpView } from '../../../src/rtp/packet.ts';
import { RtpSender } from '../../../src/rtp/sender.ts';
import { LossyNet } from '../../support/lossy-net.ts';
import { describePhone, Handset, LegUnderTest } from '../../support/media-phone.ts';
import { longestGap, rmsLevel, TONES, toneLevels } from '../../support/tones.ts';

let codecs: OpusCodecs;
const encoders: VoiceEncoder[] = [];

beforeAll(async () => {
  codecs = await OpusCodecs.load(2);
});
afterAll(() => {
  codecs.close();
  for (const encoder of encoders) encoder.free();
});

/**
 * A browser that publishes a tone in Opus, as the SFU would hand it on. With DTX, Opus takes some steady tones (650 Hz,
 * not 1050 Hz) for background noise and falls silent after a second: not the mix's fault.
 */
async function browser(net: LossyNet, frequency: number, dtx: boolean) {
  const encoder = await openOpusEncoder({
    rate: 48_000,
    bitrate: 32_000,
    complexity: 5,
    lossPercent: 0,
    dtx,
  });
  encoders.push(encoder);
  const source = new VoiceSource(codecs);
  const sender = new RtpSender(net.random, 1275);
  const sine = new SineSource(frequency, 6000, 48_000);
  const frame = new Int16Array(960);
  const payload = new Uint8Array(1275);
  const view = new RtpView();
  const state = { talking: true };
  const speak = () => {
    if (state.talking) sine.fill(frame);
    else frame.fill(0);
    const size = encoder.encode(frame, payload, 0);
    // WebRTC sends nothing for a frame of DTX.
    if (size > 2) {
      const bytes = sender.packet(payload, 0, size, 111, 'no-marker').slice();
      net.queue.schedule(net.now() + 10 + 10 * net.random.fraction(), (now) => {
        if (parseRtp(bytes, bytes.length, view) === undefined) source.push(view, 'audio/opus', now);
      });
    }
    sender.advance(960);
  };
  return { source, speak, state };
}

describe('two phones and two browsers', () => {
  it('each phone hears exactly the other three', async () => {
    const net = new LossyNet(21);
    net.weather = { delayMs: 10, jitterMs: 10, loss: 0.005, duplicates: 0 };
    const mix = new RoomMix(codecs);
    const phones = [0, 1].map((i) => {
      const under = new LegUnderTest(net);
      const address = `192.0.2.${i + 1}`;
      const handset = new Handset(net, { address, frequency: TONES[i]! });
      under.leg.apply(describePhone(address, handset.socket.local.port), net.now());
      mix.addPhone(under.leg);
      return { under, handset };
    });
    const browsers = await Promise.all([2, 3].map((i) => browser(net, TONES[i]!, false)));
    for (const { source } of browsers) mix.addVoice(source);
    net.every(20, 400, (now) => {
      for (const { under, handset } of phones) handset.speak(under.rtp.local);
      for (const { speak } of browsers) speak();
      mix.tick(now);
      for (const { handset } of phones) handset.listen();
    });
    phones.forEach(({ handset }, i) => {
      const heard = handset.recording(1000);
      toneLevels(heard, 8000, TONES.slice(0, 4)).forEach((level, j) => {
        if (j === i) expect(level).toBeLessThan(-50);
        else expect(Math.abs(level + 14.75)).toBeLessThan(3);
      });
      expect(longestGap(heard, 8000, -40).lengthMs).toBe(0);
    });
  });

  it('a browser in DTX is silence, and its next word comes whole', async () => {
    const net = new LossyNet(22);
    const mix = new RoomMix(codecs);
    const under = new LegUnderTest(net);
    const handset = new Handset(net, { address: '192.0.2.1', frequency: TONES[0] });
    handset.talking = false;
    under.leg.apply(describePhone('192.0.2.1', handset.socket.local.port), net.now());
    mix.addPhone(under.leg);
    const { source, speak, state } = await browser(net, TONES[3], true);
    mix.addVoice(source);
    const run = (milliseconds: number) =>
      net.every(20, milliseconds / 20, (now) => {
        speak();
        mix.tick(now);
        handset.listen();
      });
    run(2000);
    state.talking = false;
    run(3000);
    state.talking = true;
    run(2000);
    const heard = handset.recording();
    expect(rmsLevel(heard.subarray(8 * 3000, 8 * 4900))).toBeLessThan(-60);
    const word = heard.findIndex((sample, i) => i > 8 * 4950 && Math.abs(sample) > 1500);
    expect(word / 8 - 5000).toBeLessThan(200);
    expect(longestGap(heard.subarray(word, -1600), 8000, -40).lengthMs).toBe(0);
  });
});
