import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { videoPacket, vp8Payload, Watched } from './video-packets.ts';

/** Chromium's three temporal layers: 0 2 1 2, of which the first 2 and the 1 need layer 0 alone. */
const PATTERN = [
  { temporal: 0, sync: false },
  { temporal: 2, sync: true },
  { temporal: 1, sync: true },
  { temporal: 2, sync: false },
] as const;

function frame(i: number) {
  const payload = vp8Payload({ ...PATTERN[i % 4]!, picture: i & 0x7fff, tl0: (i >> 2) & 0xff, key: i === 0 });
  return videoPacket(7, i & 0xffff, i * 3000, payload);
}

describe('fewer frames', () => {
  test('by temporal layers, each for a wish, and numbers go on', () => {
    const watched = new Watched();
    for (let i = 0; i < 120; i++) watched.forwarder.push(frame(i), 'video/vp8', i * 33.3);
    expect(watched.seen).toHaveLength(120);
    for (const [wish, kept] of [
      [15, 60],
      [7, 30],
      [0, 120],
    ] as const) {
      const before = watched.seen.length;
      watched.sender.wish(wish, 0);
      const start = 120 * (1 + [15, 7, 0].indexOf(wish));
      for (let i = start; i < start + 120; i++) watched.forwarder.push(frame(i), 'video/vp8', i * 33.3);
      expect(watched.seen.length - before).toBeGreaterThanOrEqual(kept - 2);
      expect(watched.seen.length - before).toBeLessThanOrEqual(kept);
    }
    for (let i = 1; i < watched.seen.length; i++) {
      const [before, after] = [watched.seen[i - 1]!, watched.seen[i]!];
      expect(after.sequence).toBe((before.sequence + 1) & 0xffff);
      expect(after.picture).toBe((before.picture + 1) & 0x7fff);
    }
    expect(watched.refused).toEqual([]);
  });

  test('up only where a frame needs the lowest layer alone', () => {
    const watched = new Watched();
    watched.sender.temporal.wanted = 0;
    for (let i = 0; i < 3; i++) watched.forwarder.push(frame(i), 'video/vp8', i * 33);
    watched.sender.temporal.wanted = 2;
    for (let i = 3; i < 8; i++) watched.forwarder.push(frame(i), 'video/vp8', i * 33);
    // Frame 3 is of layer 2 and needs frame 2, which was left out.
    expect(watched.seen.map(({ timestamp }) => (timestamp - watched.seen[0]!.timestamp) / 3000)).toEqual([
      0, 4, 5, 6, 7,
    ]);
  });

  test('whatever is lost and comes late: a number is used for one packet alone, and its picture stays in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 40, maxLength: 200 }), (delays) => {
        const watched = new Watched();
        watched.sender.temporal.wanted = 0;
        const arriving = delays
          .map((delay, i) => ({ i, at: i + (delay > 9 ? delay : 0) }))
          .sort((a, b) => a.at - b.at || a.i - b.i);
        for (const { at, i } of arriving) watched.forwarder.push(frame(i), 'video/vp8', at * 33);
        const numbers = watched.seen.map(({ sequence }) => sequence);
        expect(new Set(numbers).size).toBe(numbers.length);
        const pictures = watched.seen
          .filter(({ padding }) => !padding)
          .sort((a, b) => ((a.sequence - b.sequence) << 16) >> 16);
        for (let i = 1; i < pictures.length; i++)
          expect(((pictures[i]!.timestamp - pictures[i - 1]!.timestamp) | 0) > 0).toBe(true);
        for (const { temporal } of pictures) expect(temporal).toBe(0);
      }),
    );
  });
});
