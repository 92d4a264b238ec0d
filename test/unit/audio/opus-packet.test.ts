import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OpusJoiner, packetMicros } from '../../../src/audio/opus-packet.ts';

/** RFC 6716 section 3.2.5, independently read: the frames of a code 3 packet with lengths of their own. */
function frames(packet: Uint8Array): Uint8Array[] {
  if ((packet[0]! & 3) === 0) return [packet.subarray(1)];
  const count = packet[1]! & 0x3f;
  expect(packet[1]! >> 6).toBe(2);
  let at = 2;
  const lengths: number[] = [];
  for (let i = 0; i < count - 1; i++) {
    const first = packet[at++]!;
    lengths.push(first < 252 ? first : packet[at++]! * 4 + first);
  }
  const found = lengths.map((length) => {
    const frame = packet.subarray(at, at + length);
    at += length;
    return frame;
  });
  return [...found, packet.subarray(at)];
}

it('joins frames of one configuration so that they come apart again', () => {
  const frame = fc.uint8Array({ minLength: 0, maxLength: 300 });
  fc.assert(
    fc.property(fc.array(frame, { minLength: 1, maxLength: 3 }), fc.nat(31), (bodies, config) => {
      const joiner = new OpusJoiner(960);
      for (const body of bodies) expect(joiner.push(Uint8Array.of(config << 3, ...body))).toBe(true);
      const packet = new Uint8Array(960);
      const size = joiner.take(packet);
      expect(packet[0]! >> 3).toBe(config);
      expect(frames(packet.subarray(0, size)).map((each) => [...each])).toEqual(
        bodies.map((each) => [...each]),
      );
      expect(joiner.frames).toBe(0);
    }),
  );
});

it('does not join what does not fit: another mode, too many, too large, packets of several frames', () => {
  const joiner = new OpusJoiner(100);
  expect(joiner.push(Uint8Array.of(9 << 3, 1))).toBe(true);
  expect(joiner.push(Uint8Array.of(20 << 3, 1))).toBe(false);
  expect(joiner.push(new Uint8Array(101).fill(9 << 3, 0, 1))).toBe(false);
  expect(joiner.push(Uint8Array.of((9 << 3) | 1, 1, 1))).toBe(false);
  expect(joiner.push(new Uint8Array(0))).toBe(false);
  for (let i = 0; i < 2; i++) expect(joiner.push(Uint8Array.of(9 << 3, 1))).toBe(true);
  expect(joiner.push(Uint8Array.of(9 << 3, 1))).toBe(false);
});

describe('Opus packets', () => {
  it.each([
    [[0x78], 20_000],
    [[0x08], 20_000],
    [[0x18], 60_000],
    [[0xe0], 2500],
    [[0x79, 1, 2], 40_000],
    [[0x7b, 3], 60_000],
    [[0x7b, 0x3f], 0],
    [[0x7b], 0],
    [[], 0],
  ])('%j lasts %i µs', (bytes, micros) => expect(packetMicros(Uint8Array.from(bytes))).toBe(micros));
});
