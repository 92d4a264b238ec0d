import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MAX_RING_PACKET, PacketRing } from '../../../src/base/packet-ring.ts';

function ends(): [writer: PacketRing, reader: PacketRing] {
  const memory = PacketRing.allocate();
  return [new PacketRing(memory), new PacketRing(memory)];
}

it('hands out what was written, in order, with its tags, however the two take turns', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.nat(40)), { maxLength: 400 }),
      fc.integer(),
      (steps, first) => {
        const [writer, reader] = ends();
        const written: [string, number][] = [];
        const read: [string, number][] = [];
        const take = (bytes: Uint8Array, tag: number) => void read.push([String(bytes), tag]);
        for (const [i, step] of steps.entries()) {
          if (typeof step === 'number') reader.drain(step, take);
          else if (writer.push(step, (first + i) | 0)) written.push([String(step), (first + i) | 0]);
        }
        reader.drain(10_000, take);
        expect(read).toEqual(written);
      },
    ),
    { numRuns: 50 },
  );
});

it('takes 1024 packets, refuses the next, and goes on for longer than it is', () => {
  const [writer, reader] = ends();
  let next = 0;
  let due = 0;
  for (let round = 0; round < 10; round++) {
    while (writer.push(Uint8Array.of(next & 255, next >> 8), next)) next++;
    expect(next - due).toBe(1024);
    reader.drain(1000, (bytes, tag) => {
      expect([bytes[0]! | (bytes[1]! << 8), tag]).toEqual([due & 0xffff, due]);
      due++;
    });
  }
});

it('refuses what is longer than a slot, and takes what fits', () => {
  const [writer, reader] = ends();
  expect(writer.push(new Uint8Array(MAX_RING_PACKET + 1), 0)).toBe(false);
  expect(writer.push(new Uint8Array(MAX_RING_PACKET).fill(7), 0)).toBe(true);
  reader.drain(1, (bytes) => expect([bytes.length, bytes.at(-1)]).toEqual([MAX_RING_PACKET, 7]));
});

it('wakes a reader that sleeps once, and one that is awake never', () => {
  const [writer, reader] = ends();
  writer.push(Uint8Array.of(1), 0);
  expect(writer.wake()).toBe(false);
  expect(reader.sleep()).toBe(false);
  expect(writer.wake()).toBe(false);
  reader.drain(10, () => {});
  expect(reader.sleep()).toBe(true);
  writer.push(Uint8Array.of(1), 0);
  expect([writer.wake(), writer.wake()]).toEqual([true, false]);
});
