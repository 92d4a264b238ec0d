import { describe, expect, it } from 'vitest';
import { builtInCodecs } from '../../../src/audio/built-in-codecs.ts';
import { score } from '../../support/ears/score.ts';
import { type Path, record } from '../../support/ears/voice-path.ts';
import { PROFILES } from '../../support/ears/weather.ts';

const [CLEAN, JITTER] = PROFILES as [(typeof PROFILES)[0], (typeof PROFILES)[0]];

/** Phone to phone in PCMA; the first seconds, in which the network is learned, stay out. */
function listen(path: Partial<Path>, settledMs = 3000) {
  const { said, heard, rate } = record(
    { from: 'audio/pcma', to: 'audio/pcma', profile: CLEAN, seconds: 12, seed: 3, ...path },
    builtInCodecs,
  );
  const from = (settledMs * rate) / 1000;
  return score(said.subarray(from), heard.subarray(from), rate);
}

describe('through the bridge, from phone to phone, the packet of 20 ms included', () => {
  it.each([1, 5, 9, 13, 17, 19.5])(
    'at most 55 ms without jitter, packets %f ms after the tick',
    (phaseMs) => {
      const { delayMs, delay95Ms, gapMs, stoi } = listen({ phaseMs });
      expect(delayMs).toBeLessThanOrEqual(55);
      expect(delay95Ms).toBeLessThanOrEqual(55);
      expect(delayMs).toBeGreaterThanOrEqual(30);
      expect(gapMs).toBeLessThanOrEqual(10);
      expect(stoi).toBeGreaterThan(0.99);
    },
  );

  it.each([1, 2, 3, 4])(
    'at 20 ms of jitter and one packet in 100 lost under 60 ms are added, and no gap is heard (seed %i)',
    (seed) => {
      const { delayMs, gapMs, levelDb, stoi } = listen({ profile: JITTER, seed });
      // 20 ms are the packet's own.
      expect(delayMs - 20).toBeLessThan(60);
      expect(gapMs).toBeLessThanOrEqual(20);
      expect(Math.abs(levelDb)).toBeLessThan(1);
      expect(stoi).toBeGreaterThan(0.97);
    },
  );
});
