import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ReceivedTsns } from '../../../src/sctp/received-tsns.ts';
import { type Sack, sackOf } from '../../support/sctp-packets.ts';
import { Receiver } from './receiver.ts';

/** A SACK read again, as if it came. */
const read = (sack: Uint8Array): Sack => sackOf(Buffer.concat([Buffer.alloc(12), sack]));

function ledger(initialTsn: number): ReceivedTsns {
  const received = new ReceivedTsns();
  received.begin((initialTsn - 1) >>> 0);
  return received;
}

/** A DATA chunk that is a message, and a FORWARD TSN. */
function data(tsn: number): Uint8Array {
  const chunk = new Uint8Array(20);
  new DataView(chunk.buffer).setUint32(4, tsn);
  chunk.set([0, 7, 0, 17]);
  return chunk;
}
function forwardTo(tsn: number): Uint8Array {
  const chunk = Uint8Array.of(192, 0, 0, 8, 0, 0, 0, 0);
  new DataView(chunk.buffer).setUint32(4, tsn);
  return chunk;
}

describe('what came of a peer', () => {
  test('out of order across the wrap of the TSN, it is acknowledged by gaps, and then as a whole', () => {
    const received = ledger(0xffff_fffe);
    expect([0xffff_fffe, 1, 2, 0, 4].map((tsn) => received.take(tsn))).toEqual(Array(5).fill('new'));
    expect(read(received.sack(9))).toEqual({
      ...{ cumulative: 0xffff_fffe, duplicates: [] },
      gaps: [
        [2, 4],
        [6, 6],
      ],
    });
    expect(received.take(0xffff_ffff)).toBe('new');
    expect(read(received.sack(0))).toMatchObject({ cumulative: 2, gaps: [[2, 2]] });
    expect(received.take(3)).toBe('new');
    expect(received.cumulative).toBe(4);
    expect(received.stretches).toBe(0);
  });

  test('numbers are no texts: 9, 10 and 11 are one stretch', () => {
    const received = ledger(1);
    for (const tsn of [11, 9, 10, 100, 99]) received.take(tsn);
    expect(read(received.sack(0)).gaps).toEqual([
      [9, 11],
      [99, 100],
    ]);
  });

  test('what comes twice is told once, and no more than a SACK has room for', () => {
    const received = ledger(1);
    for (const tsn of [1, 3]) received.take(tsn);
    expect([1, 3, 0, 0xffff_fff0].map((tsn) => received.take(tsn))).toEqual(Array(4).fill('duplicate'));
    expect(read(received.sack(0)).duplicates).toEqual([1, 3, 0, 0xffff_fff0]);
    expect(read(received.sack(0)).duplicates).toEqual([]);
    for (let i = 0; i < 1000; i++) received.take(1);
    for (let tsn = 10; tsn < 10_000; tsn += 2) received.take(tsn);
    expect(received.sack(0).length).toBeLessThan(1000);
    expect(received.stretches).toBeLessThan(5000);
  });

  test('beyond what a gap can say nothing is taken', () => {
    const received = ledger(1);
    expect(received.take(0xffff)).toBe('new');
    expect(received.take(0x1_0000)).toBe('too-far');
    expect(received.take(0x7fff_ffff)).toBe('too-far');
    received.take(1);
    expect(received.take(0x1_0000)).toBe('new');
    expect(read(received.sack(0)).gaps).toEqual([[0xfffe, 0xffff]]);
  });

  test('whatever comes in whatever order, near the wrap and far from it, is acknowledged as RFC 9260 has it', () => {
    const step = fc.record({
      kind: fc.constantFrom('data', 'data', 'data', 'data', 'forward'),
      offset: fc.integer({ min: -3, max: 40 }),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(1, 8, 0x7fff_fff0, 0xffff_fff0, 0xffff_ffff, 0),
        fc.array(step, { maxLength: 80 }),
        (initial, steps) => {
          const received = ledger(initial);
          const judge = new Receiver(initial);
          for (const { kind, offset } of steps) {
            const tsn = (initial + offset) >>> 0;
            if (kind === 'data') received.take(tsn);
            else received.forward(tsn);
            const expected = judge.take(kind === 'data' ? data(tsn) : forwardTo(tsn));
            const { cumulative, gaps } = read(received.sack(0));
            expect({ cumulativeTsn: cumulative, gaps }).toEqual({
              cumulativeTsn: expected.cumulativeTsn,
              gaps: expected.gaps,
            });
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
