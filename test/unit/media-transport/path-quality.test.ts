import { describe, expect, test } from 'vitest';
import { PathQualityMeter } from '../../../src/media/path-quality.ts';

const block = {
  ssrc: 1,
  fractionLost: 0,
  lost: 0,
  highestSequence: 0,
  jitter: 0,
  lastSr: 0,
  delaySinceLastSr: 0,
};
/** 2026 or so, at a fraction of a second. */
const NOW = 1_790_000_123_456.75;
/** The middle 32 bits of the NTP time at `unixMs`, as our sender reports have it. */
function middle(unixMs: number): number {
  const seconds = Math.floor(unixMs / 1000) + 2_208_988_800;
  const fraction = Math.floor(((unixMs % 1000) / 1000) * 65_536);
  return (((seconds & 0xffff) << 16) | fraction) >>> 0;
}

describe('the quality of a path', () => {
  test('is unknown while nobody reports', () => {
    const meter = new PathQualityMeter();
    expect(meter.take()).toBeUndefined();
    meter.report('up', block, 48_000);
    expect(meter.take()).toEqual({ loss: 0, jitterMs: 0, rttMs: 0 });
    expect(meter.take()).toBeUndefined();
  });

  test('is the mean loss of the worse way, and the largest jitter', () => {
    const meter = new PathQualityMeter();
    meter.report('up', { ...block, fractionLost: 64, jitter: 480 }, 48_000);
    meter.report('up', block, 48_000);
    meter.report('down', { ...block, fractionLost: 26, jitter: 160 }, 8000);
    expect(meter.take()).toEqual({ loss: 0.125, jitterMs: 20, rttMs: 0 });
  });

  test('has the round trip: arrival less last SR less the delay since', () => {
    const meter = new PathQualityMeter();
    for (const sentAgo of [150, 2150]) {
      const delaySinceLastSr = Math.round(((sentAgo - 150) / 1000) * 65_536);
      meter.roundTrip({ ...block, lastSr: middle(NOW - sentAgo), delaySinceLastSr }, NOW);
      meter.report('down', block, 8000);
      expect(meter.take()?.rttMs).toBe(150);
    }
    // A report that cannot be: from the future, or without an SR.
    meter.roundTrip({ ...block, lastSr: middle(NOW + 5000) }, NOW);
    meter.roundTrip(block, NOW);
    meter.report('down', block, 8000);
    expect(meter.take()?.rttMs).toBe(150);
  });
});
