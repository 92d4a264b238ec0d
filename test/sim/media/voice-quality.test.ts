import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OpusCodecs } from '../../../src/adapters/opus/opus-codecs.ts';
import { voiceFormat } from '../../../src/audio/voice-format.ts';
import { score } from '../../support/ears/score.ts';
import { type Path, record } from '../../support/ears/voice-path.ts';
import { type LossProfile, PROFILES } from '../../support/ears/weather.ts';

const CLEAN: LossProfile = { name: 'clean', jitterMs: 0, loss: 0, burst: 1 };
const SETTLED_MS = 3000;

let codecs: OpusCodecs;

beforeAll(async () => {
  codecs = await OpusCodecs.load(4);
  const opus = voiceFormat('audio/opus', 'useinbandfec=1');
  if (opus !== undefined) codecs.encoder(opus);
  await new Promise((resolve) => setImmediate(resolve));
});
afterAll(() => codecs.close());

function listen(path: Partial<Path>) {
  const { said, heard, rate } = record(
    { from: 'audio/pcma', to: 'audio/pcma', profile: CLEAN, seconds: 12, seed: 8, ...path },
    codecs,
  );
  const from = (SETTLED_MS * rate) / 1000;
  return score(said.subarray(from), heard.subarray(from), rate);
}

/** By profile; STOI at least, longest gap at most (ms). 0.75 is where words begin to be missed. */
const TARGETS = [
  [0.99, 10],
  [0.97, 20],
  [0.96, 45],
  [0.88, 200],
] as const;

describe.each(['audio/pcma', 'audio/pcmu', 'audio/g722'])('%s to itself', (mime) => {
  it.each(PROFILES.map((profile, i) => [profile.name, profile, TARGETS[i]!] as const))(
    '%s',
    (_, profile, [intelligible, gap]) => {
      const heard = listen({ from: mime, to: mime, profile });
      expect(heard.stoi).toBeGreaterThan(intelligible);
      expect(heard.gapMs).toBeLessThanOrEqual(gap);
      expect(Math.abs(heard.levelDb)).toBeLessThan(1);
      expect(heard.delayMs).toBeLessThan(80);
    },
  );
});

describe('audio/opus to audio/pcma', () => {
  it.each(PROFILES.map((profile, i) => [profile.name, profile, [0.97, 0.96, 0.95, 0.85][i]!] as const))(
    '%s',
    (_, profile, intelligible) => {
      const heard = listen({ from: 'audio/opus', profile });
      expect(heard.stoi).toBeGreaterThan(intelligible);
      expect(Math.abs(heard.levelDb)).toBeLessThan(1);
    },
  );
});

describe('a network that changes', () => {
  it('packets that overtake each other are heard in order', () => {
    const { stoi, gapMs, delayMs } = listen({ profile: { ...CLEAN, jitterMs: 45 } });
    expect(stoi).toBeGreaterThan(0.97);
    expect(gapMs).toBeLessThanOrEqual(20);
    expect(delayMs).toBeLessThan(100);
  });

  it('a route that becomes 100 ms longer, and shorter again, is followed both ways', () => {
    const longer = (sentAt: number) => (sentAt > 8000 && sentAt < 24_000 ? 100 : 0);
    const { delays, stoi } = listen({ seconds: 44, routeMs: longer });
    const at = (ms: number) => delays[(ms - SETTLED_MS) / 100]!;
    expect(at(6000)).toBeLessThanOrEqual(55);
    expect(at(20_000)).toBeGreaterThan(130);
    expect(at(23_000)).toBeLessThanOrEqual(165);
    // What was still on the longer way comes late once more, and teaches nothing.
    expect(at(26_500)).toBeLessThanOrEqual(60);
    expect(at(40_000)).toBeLessThanOrEqual(60);
    expect(stoi).toBeGreaterThan(0.95);
  });

  it('jitter is learned at once and forgotten', () => {
    const spike = (sentAt: number) => (sentAt > 6000 && sentAt < 8000 ? (sentAt * 7) % 60 : 0);
    const { delays, stoi } = listen({ seconds: 45, routeMs: spike });
    const at = (ms: number) => delays[(ms - SETTLED_MS) / 100]!;
    expect(at(7500)).toBeGreaterThan(70);
    expect(at(41_000)).toBeLessThanOrEqual(60);
    expect(stoi).toBeGreaterThan(0.97);
  });

  it('a clock that is 200 ppm off is heard without a break', () => {
    for (const driftPpm of [200, -200]) {
      const { stoi, gapMs } = listen({ seconds: 40, driftPpm });
      expect(gapMs).toBeLessThanOrEqual(10);
      expect(stoi).toBeGreaterThan(0.98);
    }
  });
});
