import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Arrivals } from '../../../src/rtp/rtcp/arrivals.ts';
import { parseRtcp } from '../../../src/rtp/rtcp/parse.ts';
import {
  MAX_FEEDBACK_BYTES,
  MAX_STATUSES,
  parseTransportFeedback,
  writeTransportFeedback,
} from '../../../src/rtp/rtcp/transport-feedback.ts';

describe('the feedback packet', () => {
  test('of the draft, section 3.1: a run, a vector of one bit, one of two', () => {
    const bytes = Uint8Array.of(
      ...[0x8f, 205, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 0, 10, 0, 12, 0, 0, 1, 5],
      // Two packets of small deltas; then of 14 one-bit statuses ten, two of which came.
      ...[0x20, 0x02, 0x80 | 0x20, 0x01],
      ...[4, 8, 12, 0],
      ...[0, 0, 0, 0],
    );
    const parsed = parseRtcp(bytes, bytes.length);
    expect(parsed.ok && parsed.value).toEqual([
      {
        type: 'transport-cc',
        base: 10,
        arrivals: Float64Array.of(65, 67, 70, ...new Array<number>(9).fill(Number.NaN)),
      },
    ]);
    bytes[20] = 0x60;
    expect(parseRtcp(bytes, bytes.length).ok).toBe(false);
  });

  test('few bytes that speak of many packets are read a few times in a datagram, and no more', () => {
    const one = Uint8Array.of(
      ...[0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 10, MAX_STATUSES >> 8, MAX_STATUSES & 255, 0, 0, 1, 5],
      ...[MAX_STATUSES >> 8, MAX_STATUSES & 255, 0, 0],
    );
    const compound = (count: number) =>
      Uint8Array.from({ length: count * one.length }, (_, i) => one[i % 24]!);
    const faults = [4, 5, 80].map((count) => {
      const parsed = parseRtcp(compound(count), count * one.length);
      return parsed.ok ? undefined : parsed.error;
    });
    expect(faults).toEqual([undefined, 'many', 'many']);
    const byes = Uint8Array.from({ length: 65 * 4 }, (_, i) => [0x80, 203, 0, 0][i % 4]!);
    expect(parseRtcp(byes, 64 * 4).ok).toBe(true);
    expect(parseRtcp(byes, 65 * 4)).toEqual({ ok: false, error: 'many' });
  });

  test('what is written is read again, to a quarter of a millisecond', () => {
    const gap = fc.oneof(
      fc.double({ min: 0, max: 60, noNaN: true }),
      fc.double({ min: -50, max: 8000, noNaN: true }),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffff }),
        fc.array(fc.option(gap), { minLength: 1, maxLength: 300 }),
        (base, gaps) => {
          let time = 100_000;
          const arrivals = Float64Array.from([0, ...gaps], (step) => {
            time += step ?? 0;
            return step === null ? Number.NaN : time;
          });
          const bytes = new Uint8Array(MAX_FEEDBACK_BYTES);
          const end = writeTransportFeedback(bytes, 0, { sender: 1, media: 2, base, count: 3, arrivals });
          const read = parseTransportFeedback(bytes, 0, end);
          expect(read?.base).toBe(base);
          expect(read?.arrivals.length).toBe(arrivals.length);
          for (const [i, arrival] of arrivals.entries()) {
            if (Number.isNaN(arrival)) expect(read?.arrivals[i]).toBeNaN();
            else expect(Math.abs(read!.arrivals[i]! - arrival)).toBeLessThanOrEqual(0.126);
          }
        },
      ),
    );
  });

  test('whatever bytes: no exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 60 }), (rest) => {
        const bytes = Uint8Array.of(0x8f, 205, 0, 9, ...rest);
        parseTransportFeedback(bytes, 0, bytes.length);
      }),
    );
  });
});

describe('arrivals', () => {
  test('are reported 50 ms after the last report, gaps and latecomers with them, each once', () => {
    const arrivals = new Arrivals();
    expect(arrivals.push(65_534, 500, 0)).toBe(false);
    expect(arrivals.push(1, 500, 10)).toBe(false);
    expect(arrivals.push(65_535, 500, 20)).toBe(false);
    expect(arrivals.push(2, 500, 50)).toBe(true);
    expect(arrivals.take(50)).toEqual({
      base: 65_534,
      count: 0,
      arrivals: Float64Array.of(0, 20, Number.NaN, 10, 50),
    });
    expect(arrivals.take(60)).toBeUndefined();
    expect(arrivals.push(0, 500, 61)).toBe(false);
    expect(arrivals.push(3, 500, 99)).toBe(false);
    expect(arrivals.push(4, 500, 110)).toBe(true);
    expect(arrivals.take(110)).toMatchObject({ base: 3, count: 1, arrivals: Float64Array.of(99, 110) });
  });

  test('of a voice are reported four times a second: more would be over a twentieth of it', () => {
    const arrivals = new Arrivals();
    let reports = 0;
    for (let i = 0; i <= 500; i++) {
      if (!arrivals.push(i, 90, 20 * i)) continue;
      reports++;
      arrivals.take(20 * i);
    }
    expect(reports).toBe(38);
  });

  test('stay few, whatever numbers a peer counts by', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 300 }), (numbers) => {
        const arrivals = new Arrivals();
        for (const number of numbers) arrivals.push(number, 500, 0);
        const report = arrivals.take(0);
        expect(report?.arrivals.length ?? 0).toBeLessThanOrEqual(MAX_STATUSES);
        if (report !== undefined)
          expect(report.arrivals.some((arrival) => !Number.isNaN(arrival))).toBe(true);
      }),
    );
  });
});
