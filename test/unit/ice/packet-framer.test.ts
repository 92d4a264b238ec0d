import fc from 'fast-check';
import { expect, test } from 'vitest';
import { framedPacket, PacketFramer } from '../../../src/ice/packet-framer.ts';

function framer(): { framer: PacketFramer; packets: Uint8Array[] } {
  const packets: Uint8Array[] = [];
  return { framer: new PacketFramer((packet) => packets.push(Uint8Array.from(packet))), packets };
}

test('the same packets come out however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 2048 }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 40 }),
      (sent, cuts) => {
        const stream = Buffer.concat(sent.map(framedPacket));
        const { framer: under, packets } = framer();
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = cuts[i % cuts.length]!;
          expect(under.push(stream.subarray(at, at + size))).toBe(true);
          at += size;
        }
        expect(packets).toEqual(sent.map((packet) => Uint8Array.from(packet)));
      },
    ),
  );
});

test('an empty packet means nothing', () => {
  const { framer: under, packets } = framer();
  expect(under.push(Uint8Array.of(0, 0, 0, 1, 9, 0, 0))).toBe(true);
  expect(packets).toEqual([Uint8Array.of(9)]);
});

test.each([
  ['at once', [Uint8Array.of(8, 1, 1)]],
  ['byte by byte', [Uint8Array.of(8), Uint8Array.of(1)]],
])('a packet that is longer than any is a fault, seen %s', (_how, chunks) => {
  const { framer: under, packets } = framer();
  const whole = chunks.map((chunk) => under.push(chunk));
  // Of the length's first byte alone nothing can be said yet.
  expect([...whole, under.push(Uint8Array.of(0, 1, 7))].at(-1)).toBe(false);
  expect(packets).toEqual([]);
});

test('random bytes never throw, and nothing comes after a fault or a stop', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 30 }), (chunks) => {
      const { framer: under, packets } = framer();
      let good = true;
      for (const chunk of chunks) {
        const before = packets.length;
        const next = under.push(chunk);
        if (!good) expect([next, packets.length]).toEqual([false, before]);
        good = next;
      }
    }),
  );
  const seen: number[] = [];
  const stopping = new PacketFramer((packet) => {
    seen.push(packet[0]!);
    stopping.stop();
  });
  stopping.push(Uint8Array.of(0, 1, 1, 0, 1, 2));
  expect(seen).toEqual([1]);
});
