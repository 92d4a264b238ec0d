import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RtpView } from '../../../src/rtp/packet.ts';
import { Rewriter } from '../../../src/sfu/rewriter.ts';

function packet(ssrc: number, sequence: number, timestamp: number): RtpView {
  const view = new RtpView();
  view.ssrc = ssrc;
  view.sequence = sequence & 0xffff;
  view.timestamp = timestamp >>> 0;
  return view;
}

test('losses stay gaps, reordering stays reordering', () => {
  const rewriter = new Rewriter({ sequence: 100, timestamp: 5000, closeGapsAfter: 500 });
  const out = [65533, 65534, 1, 0, 3].map((sequence, i) => {
    rewriter.map(packet(1, sequence, i * 160), 8000, i * 20);
    return rewriter.sequence;
  });
  expect(out).toEqual([101, 102, 105, 104, 107]);
});

test('a new source follows without a gap, its timestamps by the time that passed', () => {
  const rewriter = new Rewriter({ sequence: 100, timestamp: 5000, closeGapsAfter: 500 });
  expect(rewriter.map(packet(1, 10, 1000), 8000, 0)).toBe('switched');
  rewriter.map(packet(1, 11, 1160), 8000, 20);
  expect(rewriter).toMatchObject({ sequence: 102, timestamp: 5160 });
  expect(rewriter.map(packet(2, 40000, 77), 8000, 70)).toBe('switched');
  expect(rewriter).toMatchObject({ sequence: 103, timestamp: 5160 + 400 });
  rewriter.map(packet(2, 40001, 237), 8000, 90);
  expect(rewriter).toMatchObject({ sequence: 104, timestamp: 5160 + 560 });
});

test('a mute of the source leaves no gap of numbers, a loss does', () => {
  const rewriter = new Rewriter({ sequence: 100, timestamp: 0, closeGapsAfter: 500 });
  rewriter.map(packet(1, 10, 0), 8000, 0);
  rewriter.map(packet(1, 30, 20 * 160), 8000, 400);
  expect(rewriter.sequence).toBe(121);
  expect(rewriter.map(packet(1, 230, 220 * 160), 8000, 4400)).toBe('switched');
  expect(rewriter.sequence).toBe(122);
  const video = new Rewriter({ sequence: 100, timestamp: 0, closeGapsAfter: Number.POSITIVE_INFINITY });
  video.map(packet(1, 10, 0), 90000, 0);
  video.map(packet(1, 30, 90000), 90000, 1000);
  expect(video.sequence).toBe(121);
});

test('packets older than a switch are late', () => {
  const rewriter = new Rewriter({ sequence: 100, timestamp: 0, closeGapsAfter: 500 });
  rewriter.map(packet(1, 10, 0), 8000, 0);
  rewriter.pause();
  rewriter.map(packet(1, 500, 160), 8000, 20);
  expect(rewriter.sequence).toBe(102);
  expect(rewriter.map(packet(1, 499, 0), 8000, 21)).toBe('late');
});

test('a source that starts anew under its old SSRC is a switch', () => {
  const rewriter = new Rewriter({ sequence: 100, timestamp: 0, closeGapsAfter: 500 });
  rewriter.map(packet(1, 10, 0), 8000, 0);
  expect(rewriter.map(packet(1, 30000, 160), 8000, 20)).toBe('switched');
  expect(rewriter.map(packet(1, 30001, 0x7fffffff), 8000, 40)).toBe('switched');
  expect(rewriter.sequence).toBe(103);
});

test('DTX: a pause of the source shows in the timestamps only', () => {
  const rewriter = new Rewriter({ sequence: 100, timestamp: 0, closeGapsAfter: 500 });
  rewriter.map(packet(1, 10, 0), 48000, 0);
  expect(rewriter.map(packet(1, 11, 48000 * 60), 48000, 60_000)).toBe('sent');
  expect(rewriter).toMatchObject({ sequence: 102, timestamp: 48000 * 60 });
});

test('whatever comes in, in-order input gives ascending output and no number twice', () => {
  const step = fc.record({
    ssrc: fc.integer({ min: 1, max: 3 }),
    jump: fc.integer({ min: 1, max: 5 }),
    wait: fc.integer({ min: 1, max: 40 }),
    pause: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), fc.nat(), (steps, sequence) => {
      const rewriter = new Rewriter({ sequence, timestamp: 0, closeGapsAfter: 500 });
      const sources = new Map<number, number>();
      let now = 0;
      let last: number | undefined;
      for (const { ssrc, jump, wait, pause } of steps) {
        now += wait;
        const at = (sources.get(ssrc) ?? ssrc * 20_000) + jump;
        sources.set(ssrc, at);
        if (pause) rewriter.pause();
        const mapped = rewriter.map(packet(ssrc, at, now * 8), 8000, now);
        expect(mapped).not.toBe('late');
        const ahead = last === undefined ? 1 : (rewriter.sequence - last) & 0xffff;
        expect(ahead).toBeGreaterThanOrEqual(1);
        expect(ahead).toBeLessThanOrEqual(5);
        if (mapped === 'switched') expect(ahead).toBe(1);
        last = rewriter.sequence;
      }
    }),
  );
});

test('many hours of one source never find a packet late', () => {
  const rewriter = new Rewriter({ sequence: 0, timestamp: 0, closeGapsAfter: 500 });
  for (let i = 0; i < 200_000; i += 7) {
    expect(rewriter.map(packet(1, i, i * 160), 8000, i * 20)).not.toBe('late');
    expect(rewriter.map(packet(1, i - 3, (i - 3) * 160), 8000, i * 20)).toBe(i === 0 ? 'late' : 'sent');
  }
});
