/**
 * When datagrams came, of stamps by a clock that may be set at any time, while the monotonic one may stand still: the machine
 * slept. The addon's own code, over what no machine should be made to do for a test.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'trunkroom-stamps-'));
const program = join(folder, 'stamp-clock');
const source = join(import.meta.dirname, '../../support/stamp-clock.cc');
/** Where nothing compiles there is no addon either. */
const built = spawnSync('g++', ['-std=c++17', '-O1', '-o', program, source], { encoding: 'utf8' });

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What happens, in its order; times in ms. */
type Happening =
  | { readonly type: 'passes'; readonly ms: number }
  | { readonly type: 'arrives'; readonly stamped: boolean }
  /** The clock of the stamps is set, or the machine slept so long: the monotonic clock knows nothing of either. */
  | { readonly type: 'set'; readonly by: number }
  /** The thread reads both clocks, and so many of the datagrams that wait. */
  | { readonly type: 'reads'; readonly most: number };

interface Told {
  readonly came: number;
  readonly said: number;
  readonly readAt: number;
  /** What the clock was set by in each interval between two readings that the datagram lay through. */
  readonly setBy: readonly number[];
}

function replay(runs: readonly (readonly Happening[])[]): Told[][] {
  const lines: string[] = [];
  const told = runs.map((happenings) => {
    lines.push('N');
    let now = 1000;
    let ahead = 1.7e12;
    let setBy = 0;
    const waiting: { came: number; stamp: number; setBy: number[] }[] = [];
    const read: Omit<Told, 'said'>[] = [];
    lines.push(`R ${now} ${now + ahead}`);
    for (const happening of happenings) {
      if (happening.type === 'passes') now += happening.ms;
      else if (happening.type === 'arrives')
        waiting.push({ came: now, stamp: happening.stamped ? now + ahead : Number.NaN, setBy: [] });
      else if (happening.type === 'set') {
        ahead += happening.by;
        setBy += happening.by;
      } else {
        lines.push(`R ${now} ${now + ahead}`);
        for (const one of waiting) one.setBy.push(setBy);
        setBy = 0;
        for (const { came, stamp, setBy: steps } of waiting.splice(0, happening.most)) {
          lines.push(`D ${Number.isNaN(stamp) ? 'nan' : stamp}`);
          read.push({ came, readAt: now, setBy: steps });
        }
      }
    }
    return read;
  });
  const run = spawnSync(program, { input: lines.join('\n'), encoding: 'utf8' });
  expect(run.status).toBe(0);
  const said = run.stdout.split('\n').map(Number);
  let at = 0;
  return told.map((read) => read.map((one) => ({ ...one, said: said[at++]! })));
}

const passes = fc.double({ min: 0, max: 60, noNaN: true }).map((ms) => ({ type: 'passes' as const, ms }));
const arrives = fc.constant({ type: 'arrives' as const, stamped: true });
const LOOK = { type: 'reads', most: 0 } as const;
const reads = fc.integer({ min: 0, max: 4 }).map((most) => ({ type: 'reads' as const, most }));
const set = fc
  .oneof(fc.double({ min: -20, max: 20, noNaN: true }), fc.double({ min: -1e7, max: 1e7, noNaN: true }))
  .map((by) => ({ type: 'set' as const, by }));
const unstamped = fc.constant({ type: 'arrives' as const, stamped: false });

/** `with` in a line of ordinary happenings, many lines at once: each asks for a process otherwise. */
function lives(...more: fc.Arbitrary<Happening>[]) {
  const line = fc.array(fc.oneof<fc.Arbitrary<Happening>[]>(passes, arrives, reads, ...more), {
    maxLength: 60,
  });
  return fc.array(line, { minLength: 20, maxLength: 20 });
}

/** Stamps are kept to a microsecond here, and doubles of Unix milliseconds to a quarter of one. */
const ABOUT = 0.01;
/** Two clocks part by so much before that counts as a setting; see `arrival.h`. */
const UNSEEN = 5;

describe.skipIf(built.status !== 0)('when a datagram came', () => {
  it('is what its stamp says while nobody sets the clock', () => {
    fc.assert(
      fc.property(lives(), (runs) => {
        for (const one of replay(runs).flat()) expect(Math.abs(one.said - one.came)).toBeLessThan(ABOUT);
      }),
      { numRuns: 25 },
    );
  });

  it('is never after it was read, and never before what came before it, whatever is set', () => {
    fc.assert(
      fc.property(lives(set, unstamped), (runs) => {
        for (const told of replay(runs)) {
          let last = Number.NEGATIVE_INFINITY;
          for (const { said, readAt } of told) {
            expect(said).toBeLessThanOrEqual(readAt + ABOUT);
            expect(said).toBeGreaterThanOrEqual(last);
            last = said;
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  it('is never told earlier than it was, but for what the clocks part unseen', () => {
    // Set there and back between two looks nobody can see: here there is a look behind each.
    const seen = lives(set, unstamped).map((runs) =>
      runs.map((line) => line.flatMap((one): Happening[] => (one.type === 'set' ? [one, LOOK] : [one]))),
    );
    fc.assert(
      fc.property(seen, (runs) => {
        for (const { said, came, setBy } of replay(runs).flat()) {
          const unseen = setBy.reduce((sum, by) => sum + (Math.abs(by) > UNSEEN ? 0 : Math.abs(by)), 0);
          expect(said).toBeGreaterThanOrEqual(came - unseen - ABOUT);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is when the clock was found to have been set, for one from before, be it set by hours or asleep', () => {
    for (const by of [3_600_000, -3_600_000, 6, -6]) {
      const [told] = replay([
        [
          { type: 'arrives', stamped: true },
          { type: 'passes', ms: 10 },
          { type: 'set', by },
          { type: 'arrives', stamped: true },
          { type: 'passes', ms: 10 },
          { type: 'reads', most: 0 },
          { type: 'passes', ms: 10 },
          { type: 'arrives', stamped: true },
          { type: 'passes', ms: 10 },
          { type: 'reads', most: 9 },
        ],
      ]);
      expect(told!.map(({ came }) => came)).toEqual([1000, 1010, 1030]);
      const [first, second, third] = told!.map(({ said }) => said);
      // A stamp of later than now says nothing but that: it came just now, and so did those behind it.
      const latest = by < -20 ? 1040 : 1020;
      expect(first).toBeGreaterThanOrEqual(1000 - ABOUT);
      expect(second).toBeGreaterThanOrEqual(1010 - ABOUT);
      expect(second).toBeLessThanOrEqual(latest + ABOUT);
      // It came behind the setting, and its stamp counts.
      expect(third).toBeCloseTo(Math.max(1030, second!), 1);
    }
  });
});
