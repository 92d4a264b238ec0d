import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WakeQueue } from '../../../src/base/wake-queue.ts';
import { DataSender } from '../../../src/sctp/data-sender.ts';
import { SeededRandom } from '../../support/lossy-net.ts';
import { Receiver } from './receiver.ts';

const RELIABLE = { maxRetransmits: Number.POSITIVE_INFINITY, expiresAt: Number.POSITIVE_INFINITY };
const LOSSY = { maxRetransmits: 0, expiresAt: Number.POSITIVE_INFINITY };
const ONE_WAY = 25;

interface Weather {
  readonly loss: number;
  readonly jitterMs?: number;
  readonly partialReliability?: 'supported' | 'unsupported';
  readonly firstTsn?: number;
  readonly seed?: number;
}

/** A sender and a receiver with a line between them, in virtual time. */
class Line {
  readonly timers = new WakeQueue();
  readonly receiver: Receiver;
  readonly sender: DataSender;
  loss: number;
  packets = 0;
  /** Time of each delivery, and what. */
  readonly came: { readonly at: number; readonly stream: number; readonly number: number }[] = [];
  #now = 0;
  readonly #jitterMs: number;
  readonly #random: SeededRandom;
  readonly #sequences: Record<number, number> = {};

  constructor({ firstTsn = 1, jitterMs = 0, loss, partialReliability = 'supported', seed = 7 }: Weather) {
    this.loss = loss;
    this.#jitterMs = jitterMs;
    this.#random = new SeededRandom(seed);
    this.receiver = new Receiver(firstTsn);
    this.sender = new DataSender({
      firstTsn,
      clock: { now: () => this.#now },
      timers: this.timers,
      send: (chunks) => {
        this.packets++;
        expect(chunks.length).toBeLessThanOrEqual(1180);
        const packet = chunks.slice();
        this.#carry(() => this.#arrive(packet));
      },
      nextSequence: (stream) => {
        const next = this.#sequences[stream] ?? 0;
        this.#sequences[stream] = next + 1;
        return next;
      },
    });
    this.sender.start({ window: 1 << 20, partialReliability });
  }

  get now(): number {
    return this.#now;
  }

  /** A message of `size` bytes whose first four are `number`; false when there is no room. */
  say(stream: number, number: number, size: number, how: typeof LOSSY, order: 'ordered' | 'unordered') {
    const bytes = new Uint8Array(Math.max(4, size));
    new DataView(bytes.buffer).setUint32(0, number);
    const kind = how === RELIABLE ? 'reliable' : 'lossy';
    if (!this.sender.hasRoom(kind, bytes.length)) return false;
    this.sender.push({ stream, protocol: 53, bytes, order, ...how });
    return true;
  }

  run(untilMs: number): void {
    while (this.timers.next() <= untilMs) {
      this.#now = Math.max(this.#now, this.timers.next());
      this.timers.run(this.#now);
    }
    this.#now = untilMs;
  }

  numbers(stream: number): number[] {
    return this.came.filter((one) => one.stream === stream).map(({ number }) => number);
  }

  #arrive(packet: Uint8Array): void {
    const before = this.receiver.delivered.length;
    const sack = this.receiver.take(packet);
    for (const { bytes, stream } of this.receiver.delivered.slice(before))
      this.came.push({ at: this.#now, stream, number: new DataView(bytes.buffer).getUint32(0) });
    this.#carry(() => this.sender.acknowledge(sack));
  }

  #carry(deliver: () => void): void {
    if (this.#random.fraction() < this.loss) return;
    this.timers.schedule(this.#now + ONE_WAY + this.#random.fraction() * this.#jitterMs, deliver);
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('a line that loses', () => {
  /** Every 20 ms a lossy message on stream 3, every 100 ms a reliable one on stream 1, for a minute. */
  function minute(line: Line, order: 'ordered' | 'unordered') {
    for (let i = 0; i < 3000; i++) {
      line.run(20 * i);
      line.say(3, i, 60, LOSSY, order);
      if (i % 5 === 0) line.say(1, i / 5, 60, RELIABLE, 'ordered');
    }
    line.run(80_000);
  }

  test.each(['unordered', 'ordered'] as const)('%s messages that may be lost are lost, not late', (order) => {
    const line = new Line({ loss: 0.1 });
    minute(line, order);
    const lossy = line.came.filter(({ stream }) => stream === 3);
    expect(lossy.length).toBeGreaterThan(2600);
    expect(lossy.length).toBeLessThan(2800);
    expect(new Set(line.numbers(3)).size).toBe(lossy.length);
    const late = lossy.filter(({ at, number }) => at - 20 * number > ONE_WAY + 1);
    // In order, those behind a loss wait until the peer has been told of it; a word of it may be lost, too.
    expect(late.length).toBeLessThan(order === 'unordered' ? 1 : 1200);
    if (order === 'ordered') expect(line.numbers(3)).toEqual(line.numbers(3).toSorted((a, b) => a - b));
  });

  test('reliable ones all come, in order, and in time', () => {
    const line = new Line({ loss: 0.1 });
    minute(line, 'unordered');
    expect(line.numbers(1)).toEqual(upTo(600));
    const delays = line.came.filter(({ stream }) => stream === 1).map(({ at, number }) => at - 100 * number);
    expect(Math.max(...delays)).toBeLessThan(4000);
    expect(line.sender.nextTsn).toBe(3601);
    expect(line.timers.size).toBe(0);
  });

  test('a peer that knows no FORWARD TSN gets everything', () => {
    const line = new Line({ loss: 0.1, partialReliability: 'unsupported' });
    minute(line, 'unordered');
    expect(line.numbers(3).toSorted((a, b) => a - b)).toEqual(upTo(3000));
    expect(line.receiver.forwards).toBe(0);
  });

  test('a megabyte comes through beside gestures, which do not wait for it', () => {
    const line = new Line({ loss: 0.02 });
    for (let i = 0; i < 64; i++) expect(line.say(1, i, 16_384, RELIABLE, 'ordered')).toBe(true);
    for (let i = 0; i < 100; i++) {
      line.run(20 * i);
      line.say(3, i, 60, LOSSY, 'unordered');
    }
    line.run(60_000);
    expect(line.numbers(1)).toEqual(upTo(64));
    const waited = line.came.filter(({ stream }) => stream === 3).map(({ at, number }) => at - 20 * number);
    expect(waited.length).toBeGreaterThan(80);
    expect(waited.toSorted((a, b) => a - b)[Math.floor(waited.length * 0.9)]).toBeLessThan(500);
  });

  test('whatever is lost, overtakes, and wraps around, nothing comes twice or out of order, and nothing reliable is missing', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 0xffff_ffff }),
        fc.constantFrom(0xffff_fff0, 0x7fff_fff0, 5),
        fc.double({ min: 0, max: 0.4, noNaN: true }),
        fc.integer({ min: 0, max: 60 }),
        fc.array(
          fc.record({
            stream: fc.constantFrom(1, 3, 5),
            size: fc.integer({ min: 4, max: 6000 }),
            pause: fc.integer({ min: 0, max: 60 }),
          }),
          { minLength: 1, maxLength: 80 },
        ),
        (seed, firstTsn, loss, jitterMs, messages) => {
          const line = new Line({ loss, jitterMs, seed, firstTsn });
          const said = new Map<number, number>();
          for (const { pause, size, stream } of messages) {
            line.run(line.now + pause);
            const number = said.get(stream) ?? 0;
            const [how, order] =
              stream === 1
                ? ([RELIABLE, 'ordered'] as const)
                : ([LOSSY, stream === 3 ? 'unordered' : 'ordered'] as const);
            if (line.say(stream, number, size, how, order)) said.set(stream, number + 1);
          }
          line.run(line.now + 600_000);
          expect(line.numbers(1)).toEqual(upTo(said.get(1) ?? 0));
          for (const stream of [3, 5])
            expect(new Set(line.numbers(stream)).size).toBe(line.numbers(stream).length);
          expect(line.numbers(5)).toEqual(line.numbers(5).toSorted((a, b) => a - b));
          expect(line.timers.size).toBe(0);
          line.loss = 0;
          for (const stream of [3, 5]) {
            line.say(stream, 1000, 10, LOSSY, stream === 3 ? 'unordered' : 'ordered');
            line.run(line.now + 1000);
            expect(line.numbers(stream).at(-1)).toBe(1000);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

test('after an outage what may be lost is new, not what was said meanwhile', () => {
  const line = new Line({ loss: 0 });
  const say = (from: number, to: number) => {
    for (let i = from; i < to; i++) {
      line.run(20 * i);
      line.say(3, i, 1000, LOSSY, 'unordered');
    }
  };
  say(0, 50);
  line.loss = 1;
  say(50, 300);
  line.loss = 0;
  say(300, 700);
  line.run(30_000);
  const delays = line.came.map(({ at, number }) => at - 20 * number);
  expect(Math.max(...delays)).toBeLessThan(600);
  expect(line.came.length).toBeGreaterThan(300);
  expect(line.came.at(-1)).toMatchObject({ number: 699 });
});

test('the word not to wait is said again when it is lost', () => {
  const line = new Line({ loss: 0 });
  line.say(3, 0, 10, LOSSY, 'unordered');
  line.run(100);
  line.loss = 1;
  line.say(3, 1, 10, LOSSY, 'unordered');
  line.run(1500);
  expect(line.receiver.forwards).toBe(0);
  line.loss = 0;
  line.run(10_000);
  expect(line.receiver.forwards).toBeGreaterThan(0);
  expect(line.timers.size).toBe(0);
  line.say(1, 0, 10, RELIABLE, 'ordered');
  line.run(10_100);
  expect(line.numbers(1)).toEqual([0]);
});

describe('a peer that never acknowledges', () => {
  test('is kept no more for than fits', () => {
    const line = new Line({ loss: 1 });
    let taken = 0;
    for (let i = 0; i < 2000; i++) if (line.say(1, i, 16_384, RELIABLE, 'ordered')) taken++;
    expect(taken).toBeLessThan(270);
    let lossy = 0;
    for (let i = 0; i < 2000; i++) if (line.say(3, i, 1000, LOSSY, 'unordered')) lossy++;
    expect(lossy).toBeLessThan(150);
    for (let i = 0; i < 20_000; i++) line.say(3, i, 4, LOSSY, 'unordered');
    line.run(3_600_000);
    // Two packets every five seconds: one to ask, one to say what was given up.
    expect(line.packets).toBeLessThan(1600);
  });

  test('and one that has closed its window is asked with one chunk at a time', () => {
    const line = new Line({ loss: 0 });
    line.receiver.window = 0;
    for (let i = 0; i < 20; i++) line.say(1, i, 1000, RELIABLE, 'ordered');
    line.run(5000);
    expect(line.numbers(1).length).toBeGreaterThan(3);
    line.receiver.window = 1 << 20;
    line.run(20_000);
    expect(line.numbers(1)).toEqual(upTo(20));
  });

  test('leaves nothing behind when it is closed', () => {
    const line = new Line({ loss: 1 });
    line.say(1, 0, 10, RELIABLE, 'ordered');
    line.sender.close();
    expect(line.timers.size).toBe(0);
  });
});

test('a report that cannot be true is ignored', () => {
  const line = new Line({ loss: 0 });
  line.say(1, 0, 10, RELIABLE, 'ordered');
  line.sender.acknowledge({ cumulativeTsn: 4_000_000, advertisedWindow: 0, gaps: [[1, 9]] });
  line.sender.acknowledge({ cumulativeTsn: 0xffff_0000, advertisedWindow: 0, gaps: [] });
  line.run(1000);
  expect(line.numbers(1)).toEqual([0]);
  line.say(1, 1, 10, RELIABLE, 'ordered');
  line.run(2000);
  expect(line.numbers(1)).toEqual([0, 1]);
});
