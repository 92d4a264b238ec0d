import { expect, test } from 'vitest';
import { videoPacket, vp8Payload, Watched } from './video-packets.ts';

/** A picture a packet, 33 ms apart, of a source whose numbers begin anywhere. */
function play(watched: Watched, from: number, count: number): void {
  for (let i = from; i < from + count; i++) {
    const payload = vp8Payload({ picture: i & 0x7fff, tl0: i & 0xff, key: i === from, size: 100 + (i % 7) });
    watched.forwarder.push(videoPacket(7, (60_000 + i) & 0xffff, i * 3000, payload), 'video/vp8', i * 33);
  }
}

test('what is missed comes again on the stream of its own, with the number and the counters that it had', () => {
  const watched = new Watched();
  play(watched, 0, 20);
  const lost = watched.seen[12]!;
  expect(watched.forwarder.resend(watched.sender, [lost.sequence, 5], 1000)).toBe(1);
  const again = watched.seen.at(-1)!;
  expect(again).toMatchObject({
    ssrc: 100,
    payloadType: 97,
    timestamp: lost.timestamp,
    picture: lost.picture,
  });
  // RFC 4588 section 4: the original sequence number goes first.
  expect([...again.payload]).toEqual([lost.sequence >> 8, lost.sequence & 0xff, ...lost.payload]);
});

test('not twice within a moment, not more than the rate, and not what the source has long overwritten', () => {
  const watched = new Watched();
  play(watched, 0, 600);
  const number = (index: number) => watched.seen[index]!.sequence;
  expect(watched.forwarder.resend(watched.sender, [number(590)], 20_000)).toBe(1);
  expect(watched.forwarder.resend(watched.sender, [number(590)], 20_010)).toBe(0);
  expect(watched.forwarder.resend(watched.sender, [number(590)], 20_030)).toBe(1);
  expect(watched.forwarder.resend(watched.sender, [number(3)], 20_030)).toBe(0);
  const many = Array.from({ length: 450 }, (_, i) => number(140 + i));
  expect(watched.forwarder.resend(watched.sender, many, 20_100)).toBe(400);
});

test('of a layer that was left, too', () => {
  const watched = new Watched();
  const frame = (layer: number, i: number, key: boolean) =>
    watched.forwarder.pushLayer(
      videoPacket(10 + layer, 1000 * layer + i, i * 3000, vp8Payload({ picture: i, tl0: i, key })),
      'video/vp8',
      layer,
      i * 33,
    );
  frame(0, 0, true);
  frame(0, 1, false);
  frame(1, 2, true);
  frame(1, 3, false);
  const [, second, third] = watched.seen;
  expect(watched.forwarder.resend(watched.sender, [second!.sequence, third!.sequence], 200)).toBe(2);
  expect(watched.seen.slice(-2).map(({ picture }) => picture)).toEqual([second!.picture, third!.picture]);
  expect(watched.seen.at(-1)!.timestamp).toBe(third!.timestamp);
});

test('padding costs the media no number, and there is none before there is media', () => {
  const watched = new Watched();
  expect(watched.sender.pad(0)).toBe(0);
  play(watched, 0, 2);
  const { length } = watched.seen;
  expect(watched.sender.pad(70)).toBeGreaterThan(255);
  expect(watched.seen.at(-1)).toMatchObject({ ssrc: 100, payloadType: 97, padding: true });
  play(watched, 2, 1);
  expect(watched.seen.at(-1)!.sequence).toBe((watched.seen[length - 1]!.sequence + 1) & 0xffff);
});

test('nothing is made while the socket is behind', () => {
  const watched = new Watched();
  watched.ready = false;
  play(watched, 0, 3);
  expect(watched.seen).toEqual([]);
  expect(watched.refused).toEqual(['not-ready', 'not-ready', 'not-ready']);
});
