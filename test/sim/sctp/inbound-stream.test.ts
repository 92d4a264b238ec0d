import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type InboundChunk, InboundStream } from '../../../src/sctp/inbound-stream.ts';

const [WHOLE, FIRST, MIDDLE, LAST, UNORDERED] = [3, 2, 0, 1, 4];

function chunk(tsn: number, streamSeqNum: number, flags: number, byte = tsn & 0xff): InboundChunk {
  return { tsn: tsn >>> 0, streamSeqNum, flags, protocol: 53, userData: Uint8Array.of(byte) };
}

function feed(stream: InboundStream, ...chunks: InboundChunk[]): number[][] {
  return chunks.flatMap((one) => {
    stream.add(one);
    return stream.take().map(({ bytes }) => [...bytes]);
  });
}

test('messages with those of other streams between them all come as soon as the one that lacked is there', () => {
  const stream = new InboundStream();
  expect(feed(stream, chunk(12, 1, WHOLE), chunk(14, 2, WHOLE), chunk(16, 3, WHOLE))).toEqual([]);
  expect(feed(stream, chunk(10, 0, WHOLE))).toEqual([[10], [12], [14], [16]]);
  expect(stream.size).toBe(0);
});

test('an unordered message does not wait for a part that another one lacks', () => {
  const stream = new InboundStream();
  expect(feed(stream, chunk(1, 0, FIRST | UNORDERED), chunk(3, 0, WHOLE | UNORDERED))).toEqual([[3]]);
  expect(feed(stream, chunk(6, 0, LAST | UNORDERED), chunk(4, 0, FIRST | UNORDERED))).toEqual([]);
  expect(feed(stream, chunk(5, 0, MIDDLE | UNORDERED))).toEqual([[4, 5, 6]]);
  expect(stream.size).toBe(1);
});

test('what will not come is passed over, and what was there of it is forgotten', () => {
  const stream = new InboundStream();
  feed(stream, chunk(1, 0, FIRST), chunk(3, 1, WHOLE), chunk(7, 3, WHOLE));
  stream.next = 1;
  expect(stream.forget(2)).toBe(1);
  expect(stream.take().map(({ bytes }) => [...bytes])).toEqual([[3]]);
  stream.next = 3;
  expect(stream.take().map(({ bytes }) => [...bytes])).toEqual([[7]]);
  expect(stream.size).toBe(0);
});

test('in whatever order chunks come, each message comes once, whole, and ordered ones in order', () => {
  const messages = fc.array(
    fc.record({
      parts: fc.integer({ min: 1, max: 4 }),
      order: fc.boolean(),
      gap: fc.integer({ min: 0, max: 2 }),
    }),
    { minLength: 1, maxLength: 30 },
  );
  fc.assert(
    fc.property(
      messages,
      fc.constantFrom(5, 0xffff_fff0),
      fc.infiniteStream(fc.nat()),
      (said, first, draw) => {
        let tsn = first;
        let sequence = 0;
        const chunks: InboundChunk[] = [];
        said.forEach(({ gap, order, parts }, number) => {
          tsn += gap;
          for (let part = 0; part < parts; part++) {
            const flags =
              (part === 0 ? FIRST : 0) | (part === parts - 1 ? LAST : 0) | (order ? 0 : UNORDERED);
            chunks.push(chunk(tsn++, order ? sequence : 0, flags, number));
          }
          if (order) sequence++;
        });
        const shuffled: InboundChunk[] = [];
        while (chunks.length > 0) shuffled.push(...chunks.splice(draw.next().value % chunks.length, 1));
        const stream = new InboundStream();
        const came = feed(stream, ...shuffled);
        expect(came.map(([number]) => number).toSorted((a, b) => a! - b!)).toEqual(said.map((_, i) => i));
        for (const bytes of came) expect(bytes).toEqual(new Array(said[bytes[0]!]!.parts).fill(bytes[0]));
        const ordered = came.map(([number]) => number!).filter((number) => said[number]!.order);
        expect(ordered).toEqual(ordered.toSorted((a, b) => a - b));
        expect(stream.size).toBe(0);
      },
    ),
    { numRuns: 300 },
  );
});
