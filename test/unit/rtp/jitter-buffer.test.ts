import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JitterBuffer } from '../../../src/rtp/jitter-buffer.ts';
import { ReceiveStats } from '../../../src/rtp/receive-stats.ts';
import { SeededRandom } from '../../support/lossy-net.ts';
import { packet } from './streams.ts';

const OPTIONS = { clockRate: 8000, minDelayMs: 20, startDelayMs: 40, maxDelayMs: 200 };

/** Payload that says which packet it is. */
const numbered = (index: number) => Uint8Array.from({ length: 160 }, () => index & 0xff);
const nth = (index: number, base = { sequence: 0, timestamp: 0, ssrc: 1 }) =>
  packet({
    sequence: base.sequence + index,
    timestamp: base.timestamp + 160 * index,
    ssrc: base.ssrc,
    payload: numbered(index),
  });

/** Plays 20 ms: the packet's number, or what was hidden. */
function play(buffer: JitterBuffer, now: number): number | 'gap' | 'empty' | 'wait' {
  const step = buffer.poll(now);
  if (step === 'packet') {
    const index = buffer.head.payload[0]!;
    buffer.take(160);
    return index;
  }
  if (step !== 'wait') buffer.hide(160);
  return step;
}

describe('jitter buffer', () => {
  it('waits its delay, then plays in order what came out of order, doubled and across both wraps', () => {
    const buffer = new JitterBuffer(OPTIONS);
    const base = { sequence: 65_530, timestamp: 0x1_0000_0000 - 800, ssrc: 1 };
    const order = [0, 2, 1, 3, 3, 5, 4, 6, 7, 9, 8, 10];
    const played: (number | string)[] = [];
    order.forEach((index, i) => {
      const now = i * 20;
      const outcome = buffer.push(nth(index, base), now);
      expect(outcome).toBe(i === 4 ? 'duplicate' : 'kept');
      played.push(play(buffer, now + 1));
    });
    expect(played.slice(0, 2)).toEqual(['wait', 'wait']);
    expect(played.slice(2)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('names a gap when what follows it is there, and a late packet late', () => {
    const buffer = new JitterBuffer(OPTIONS);
    for (const index of [0, 1, 3]) buffer.push(nth(index), index * 20);
    const played = [60, 80, 100, 120].map((now) => play(buffer, now));
    expect(played).toEqual([0, 1, 'gap', 3]);
    expect(buffer.push(nth(2), 130)).toBe('late');
    expect(buffer.late).toBe(1);
  });

  it('plays a packet that comes after its time was hidden, and so grows', () => {
    const buffer = new JitterBuffer(OPTIONS);
    buffer.push(nth(0), 0);
    expect([40, 60, 80].map((now) => play(buffer, now))).toEqual([0, 'empty', 'empty']);
    buffer.push(nth(1), 90);
    buffer.push(nth(2), 91);
    expect([100, 120].map((now) => play(buffer, now))).toEqual([1, 2]);
    expect(buffer.targetMs).toBeGreaterThan(70);
  });

  it('learns the jitter at once and forgets it slowly', () => {
    const buffer = new JitterBuffer(OPTIONS);
    const random = new SeededRandom(3);
    const feed = (from: number, count: number, jitter: number) => {
      for (let i = from; i < from + count; i++) {
        const now = i * 20 + jitter * random.fraction();
        buffer.push(nth(i), now);
        play(buffer, now);
      }
    };
    feed(0, 200, 80);
    expect(buffer.targetMs).toBeGreaterThan(60);
    feed(200, 50, 0);
    expect(buffer.targetMs).toBeGreaterThan(50);
    feed(250, 3000, 0);
    expect(buffer.targetMs).toBeLessThan(30);
  });

  it('forgets it as well when a call is long', () => {
    const buffer = new JitterBuffer(OPTIONS);
    let now = 0;
    const feed = (from: number, count: number, lateMs: number) => {
      for (let i = from; i < from + count; i++) {
        now = i * 20 + (i % 5 === 0 ? lateMs : 0);
        buffer.push(nth(i), now);
        play(buffer, now);
      }
    };
    feed(0, 30_000, 0);
    feed(30_000, 100, 100);
    expect(buffer.targetMs).toBeGreaterThan(90);
    feed(30_100, 1500, 0);
    expect(buffer.targetMs).toBeLessThan(35);
  });

  it('takes two packets to believe in another SSRC or timeline, and then starts afresh', () => {
    const buffer = new JitterBuffer(OPTIONS);
    for (let i = 0; i < 5; i++) {
      buffer.push(nth(i), i * 20);
      play(buffer, i * 20 + 1);
    }
    const other = { sequence: 9000, timestamp: 77_000, ssrc: 2 };
    expect(buffer.push(nth(0, other), 100)).toBe('probation');
    expect(buffer.push(nth(5), 101)).toBe('kept');
    expect(buffer.push(nth(1, other), 120)).toBe('probation');
    expect(buffer.push(nth(2, other), 140)).toBe('kept');
    const jumped = { sequence: 500, timestamp: 3_000_000, ssrc: 2 };
    expect(play(buffer, 200)).toBe(2);
    expect(buffer.push(nth(0, jumped), 210)).toBe('probation');
    expect(buffer.push(nth(1, jumped), 230)).toBe('kept');
    expect(play(buffer, 330)).toBe(1);
  });

  it('takes a pause for what it is and starts again with its delay', () => {
    const buffer = new JitterBuffer(OPTIONS);
    buffer.push(nth(0), 0);
    const steps = Array.from({ length: 20 }, (_, i) => play(buffer, 40 + i * 20));
    expect(steps[0]).toBe(0);
    expect(steps.filter((step) => step === 'empty')).toHaveLength(10);
    expect(steps.at(-1)).toBe('wait');
    // The sender's clock stood still while it was on hold.
    buffer.push(nth(1), 5000);
    expect(play(buffer, 5001)).toBe('wait');
    expect(play(buffer, 5045)).toBe(1);
  });

  it('throws away what it can never catch up with', () => {
    const buffer = new JitterBuffer(OPTIONS);
    for (let i = 0; i < 4; i++) buffer.push(nth(i), i * 20);
    for (let i = 0; i < 4; i++) play(buffer, 60 + i * 20);
    for (let i = 4; i < 60; i++) buffer.push(nth(i), 1200);
    const played = [1220, 1240, 1260]
      .map((now) => play(buffer, now))
      .find((step) => typeof step === 'number');
    expect(played).toBeGreaterThan(45);
    expect(buffer.length).toBeLessThan(12);
  });

  it('is bounded and never throws, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            sequence: fc.nat(70_000),
            timestamp: fc.oneof(fc.nat(4000), fc.nat(0xffffffff)),
            ssrc: fc.nat(1),
            wait: fc.nat(300),
            size: fc.nat(1600),
            pulls: fc.nat(2),
          }),
          { maxLength: 150 },
        ),
        (steps) => {
          const buffer = new JitterBuffer(OPTIONS);
          let now = 0;
          for (const { sequence, timestamp, ssrc, wait, size, pulls } of steps) {
            now += wait;
            buffer.push(packet({ sequence, timestamp, ssrc, payload: new Uint8Array(size) }), now);
            for (let i = 0; i < pulls; i++) {
              const step = buffer.poll(now);
              if (step === 'packet') buffer.take(160);
              else if (step !== 'wait') {
                if (step === 'gap') expect(buffer.gap).toBeGreaterThan(0);
                buffer.hide(160);
              }
            }
            expect(buffer.length).toBeLessThanOrEqual(64);
          }
        },
      ),
    );
  });
});

describe('reception statistics', () => {
  it('counts loss across a wrap and says which share was lost since the last report', () => {
    const stats = new ReceiveStats(8000);
    for (let i = 0; i < 100; i++)
      if (i % 10 !== 9) stats.push(nth(i, { sequence: 65_500, timestamp: 0, ssrc: 7 }), i * 20);
    const report = stats.report(2000)!;
    expect(report).toMatchObject({ ssrc: 7, lost: 9, highestSequence: 65_500 + 98, jitter: 0, lastSr: 0 });
    expect(report.fractionLost).toBe(Math.floor((9 * 256) / 99));
    expect(stats.report(2001)!.fractionLost).toBe(0);
    expect(stats.lost).toBe(9);
  });
  it('measures jitter as appendix A.8 does', () => {
    const stats = new ReceiveStats(8000);
    // Alternating 0 and 8 ms late: |D| is 8 ms at each packet, so the estimate goes to 8.
    for (let i = 0; i < 400; i++) stats.push(nth(i), i * 20 + (i % 2) * 8);
    expect(stats.jitterMs).toBeCloseTo(8, 1);
  });
  it('does not believe one packet far away, and counts on after two', () => {
    const stats = new ReceiveStats(8000);
    for (let i = 0; i < 10; i++) stats.push(nth(i), i * 20);
    expect(stats.push(packet({ sequence: 30_000, timestamp: 5 }), 200)).toBe(false);
    expect(stats.push(nth(10), 201)).toBe(true);
    expect(stats.push(packet({ sequence: 30_000, timestamp: 5 }), 220)).toBe(false);
    expect(stats.push(packet({ sequence: 30_001, timestamp: 165 }), 240)).toBe(true);
    expect(stats.lost).toBe(0);
    expect(stats.packets).toBe(12);
  });
});
