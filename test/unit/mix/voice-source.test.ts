import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OpusCodecs, openOpusEncoder } from '../../../src/adapters/opus/opus-codecs.ts';
import type { VoiceEncoder } from '../../../src/audio/codec.ts';
import { SineSource } from '../../../src/audio/tones.ts';
import { VoiceSource } from '../../../src/media/voice-source.ts';
import { SeededRandom } from '../../support/lossy-net.ts';
import { longestGap, toneLevel } from '../../support/tones.ts';
import { packet } from '../rtp/streams.ts';

let codecs: OpusCodecs;
const encoders: VoiceEncoder[] = [];

beforeAll(async () => {
  codecs = await OpusCodecs.load(4);
});
afterAll(() => {
  codecs.close();
  for (const encoder of encoders) encoder.free();
});

interface Stream {
  frameMs?: number;
  loss?: number;
  jitterMs?: number;
  forMs?: number;
  fec?: boolean;
  /** The sender's clock runs so much too fast. */
  driftPpm?: number;
}

/** A browser's 650 Hz through a bad network; what the mix gets of it. */
async function hear({
  frameMs = 20,
  loss = 0,
  jitterMs = 0,
  forMs = 5000,
  fec = false,
  driftPpm = 0,
}: Stream) {
  const encoder = await openOpusEncoder({
    rate: 48_000,
    bitrate: 32_000,
    complexity: 5,
    lossPercent: fec ? 20 : 0,
    dtx: false,
  });
  encoders.push(encoder);
  const source = new VoiceSource(codecs);
  source.listen('some');
  const random = new SeededRandom(9);
  const sine = new SineSource(650, 6000, 48_000);
  const frame = new Int16Array(48 * frameMs);
  const payload = new Uint8Array(1275);
  const arrivals: { at: number; view: ReturnType<typeof packet> }[] = [];
  for (let i = 0; i < forMs / frameMs; i++) {
    sine.fill(frame);
    const size = encoder.encode(frame, payload, 0);
    const view = packet({
      sequence: i,
      timestamp: 48 * frameMs * i,
      payloadType: 111,
      payload: payload.slice(0, size),
    });
    if (random.fraction() >= loss)
      arrivals.push({ at: ((i + 1) * frameMs) / (1 + driftPpm / 1e6) + jitterMs * random.fraction(), view });
  }
  arrivals.sort((a, b) => a.at - b.at);
  const heard = new Int16Array((forMs / 20) * 320);
  let voiced = 0;
  for (let now = 20, next = 0, at = 0; now <= forMs; now += 20, at += 320) {
    for (; next < arrivals.length && arrivals[next]!.at <= now; next++)
      source.push(arrivals[next]!.view, 'audio/opus', arrivals[next]!.at);
    if (!source.pull(now)) continue;
    voiced++;
    heard.set(source.frame, at);
  }
  source.close();
  return { heard: heard.subarray(16_000), voiced, source };
}

/** Words of 60 ms of a tone, 140 ms apart, with redundancy; what is heard of them. */
async function hearWords(arrive: 'all' | 'without the first of each word'): Promise<Int16Array> {
  const encoder = await openOpusEncoder({
    ...{ rate: 16_000, bitrate: 32_000, complexity: 5, lossPercent: 20, dtx: false },
  });
  encoders.push(encoder);
  const source = new VoiceSource(codecs);
  source.listen('some');
  const sine = new SineSource(650, 6000, 16_000);
  const frame = new Int16Array(320);
  const payload = new Uint8Array(1275);
  const heard = new Int16Array(300 * 320);
  for (let i = 0; i < 300; i++) {
    if (i % 10 < 3) sine.fill(frame);
    else frame.fill(0);
    const size = encoder.encode(frame, payload, 0);
    const view = packet({
      sequence: i,
      timestamp: 960 * i,
      payloadType: 111,
      payload: payload.slice(0, size),
    });
    if (arrive === 'all' || i % 10 !== 0 || i < 50) source.push(view, 'audio/opus', 20 * i);
    if (source.pull(20 * i)) heard.set(source.frame, 320 * i);
  }
  source.close();
  return heard.subarray(50 * 320);
}

const energy = (samples: Int16Array) => samples.reduce((sum, sample) => sum + sample * sample, 0);

describe("a browser's Opus in the mix", () => {
  it.each([10, 20, 40, 60])('frames of %i ms', async (frameMs) => {
    const { heard, source } = await hear({ frameMs });
    expect(toneLevel(heard, 16_000, 650)).toBeCloseTo(-14.75, -0.5);
    expect(longestGap(heard, 16_000, -40).lengthMs).toBe(0);
    expect(source.undecodable).toBe(0);
  });
  it('20 ms of jitter and 3 % loss leave no gap', async () => {
    const { heard } = await hear({ jitterMs: 20, loss: 0.03, forMs: 10_000 });
    expect(longestGap(heard, 16_000, -40).lengthMs).toBeLessThanOrEqual(20);
  });
  it('10 % loss with FEC leaves no gap', async () => {
    const { heard } = await hear({ loss: 0.1, fec: true, forMs: 10_000 });
    expect(longestGap(heard, 16_000, -40).lengthMs).toBeLessThanOrEqual(20);
  });
  it('the first of a word comes back by in-band FEC when its packet is lost', async () => {
    const whole = energy(await hearWords('all'));
    expect(energy(await hearWords('without the first of each word')) / whole).toBeGreaterThan(0.85);
  });
  it.each([500, -500])('a clock %i ppm off is followed for a minute', async (driftPpm) => {
    const { heard } = await hear({ driftPpm, forMs: 60_000 });
    expect(longestGap(heard.subarray(0, heard.length - 3200), 16_000, -40).lengthMs).toBe(0);
    expect(toneLevel(heard.subarray(-32_000, -3200), 16_000, 650)).toBeCloseTo(-14.75, -0.5);
  });
  it('nothing is kept while nobody listens, or muted', () => {
    const source = new VoiceSource(codecs);
    const view = packet({ sequence: 1, timestamp: 960, payload: Uint8Array.of(0x78, 1, 2, 3) });
    source.push(view, 'audio/opus', 0);
    expect(source.pull(100)).toBe(false);
    source.listen('some');
    source.mute(true);
    source.push(view, 'audio/opus', 0);
    expect(source.pull(100)).toBe(false);
  });
  it('rubbish and unknown codecs are counted, not thrown', () => {
    const source = new VoiceSource(codecs);
    source.listen('some');
    const random = new SeededRandom(4);
    for (let i = 0; i < 500; i++) {
      source.push(
        packet({ sequence: i, timestamp: 960 * i, payload: random.bytes(1 + (random.u32() % 60)) }),
        i % 50 === 7 ? 'video/vp8' : 'audio/opus',
        i * 20,
      );
      source.pull(i * 20);
    }
    source.close();
  });
  it('a decoder is there again after all spares went', async () => {
    const taken = Array.from({ length: 4 }, () => codecs.decoder('audio/opus', 16_000));
    await new Promise((resolve) => setImmediate(resolve));
    const more = codecs.decoder('audio/opus', 16_000);
    expect([...taken, more].every((decoder) => decoder !== undefined)).toBe(true);
    for (const decoder of [...taken, more]) decoder?.free();
  });
});
