import fc from 'fast-check';
import { expect, test } from 'vitest';
import { legQuality, meanOpinionScore } from '../../../src/leg/e-model.ts';

test.each([
  // G.107 annex B, table B.1: R 93.2 is 4.41, R 80 is 4.03, R 70 is 3.60, R 60 is 3.10.
  ['nothing disturbs', { loss: 0, jitterMs: 0, roundTripMs: undefined }, 4.41],
  ['R 80 by loss', { loss: 0.0405, jitterMs: 0, roundTripMs: 0 }, 4.03],
  ['R 60 by loss', { loss: 0.135, jitterMs: 0, roundTripMs: 0 }, 3.1],
  ['R 70 by delay', { loss: 0, jitterMs: 0, roundTripMs: 2 * 318.7 }, 3.6],
  ['all is lost', { loss: 1, jitterMs: 0, roundTripMs: 2000 }, 1],
])('%s', (_, quality, score) => {
  expect(meanOpinionScore(quality)).toBeCloseTo(score, 1);
});

test('more loss, jitter or delay is never better, and the score stays in its bounds', () => {
  const quality = fc.record({
    loss: fc.double({ min: 0, max: 1, noNaN: true }),
    jitterMs: fc.double({ min: 0, max: 1000, noNaN: true }),
    roundTripMs: fc.double({ min: 0, max: 60_000, noNaN: true }),
  });
  fc.assert(
    fc.property(quality, quality, (one, more) => {
      const worse = {
        loss: Math.min(1, one.loss + more.loss),
        jitterMs: one.jitterMs + more.jitterMs,
        roundTripMs: one.roundTripMs + more.roundTripMs,
      };
      expect(meanOpinionScore(worse)).toBeLessThanOrEqual(meanOpinionScore(one) + 1e-9);
      expect(meanOpinionScore(worse)).toBeGreaterThanOrEqual(1);
      expect(meanOpinionScore(one)).toBeLessThan(4.42);
    }),
  );
});

test('a leg that got nothing has no score; late packets count as lost', () => {
  const none = {
    packetsIn: 0,
    packetsOut: 5,
    lost: 0,
    concealed: 0,
    late: 0,
    jitterMs: 0,
    roundTripMs: undefined,
  };
  expect(legQuality(none)).toEqual({
    packetsIn: 0,
    packetsOut: 5,
    lost: 0,
    concealed: 0,
    late: 0,
    jitterMs: 0,
  });
  const some = { ...none, packetsIn: 900, lost: 100, late: 35, jitterMs: 0.04, roundTripMs: 0.4 };
  expect(legQuality(some)).toMatchObject({ roundTripMs: 0, jitterMs: 0, mos: 3.1 });
});
