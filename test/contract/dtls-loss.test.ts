import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { driveAlarms, monotonicClock, rethrow } from '../../src/adapters/clock/clock.ts';
import { loadAddon } from '../../src/adapters/native/addon.ts';
import { openDtlsEngine } from '../../src/app/dtls.ts';
import { WakeQueue } from '../../src/base/wake-queue.ts';
import type { DtlsEngine } from '../../src/media/dtls-port.ts';
import { dtlsEngines } from '../support/dtls-engines.ts';
import { DtlsCaller, seeded } from '../support/dtls-line.ts';

const caller = await DtlsCaller.create();

const ends = dtlsEngines.flatMap((name) => [
  { name, role: 'server' as const },
  { name, role: 'client' as const },
]);

/** Without the addon there is no other end that survives loss, so that nothing could be said of ours. */
describe.runIf(caller !== undefined).each(ends)('a handshake with $name as the $role', ({ name, role }) => {
  const alarms = new WakeQueue();
  let stop: () => void;
  let engine: DtlsEngine;
  beforeAll(async () => {
    stop = driveAlarms(alarms, monotonicClock, rethrow);
    engine = await openDtlsEngine(name, loadAddon(), monotonicClock, alarms);
  });
  afterAll(() => stop());

  async function handshakes(count: number, loss: number, delayMs: readonly [number, number]) {
    const random = seeded(count);
    const all = Array.from({ length: count }, () =>
      caller!.call(engine, { loss, delayMs, random }, 15_000, role),
    );
    return Promise.all(all);
  }

  test('in order and without loss', async () => {
    const [one] = await handshakes(1, 0, [0, 0]);
    expect(one).toMatchObject({ sameKeys: true });
    expect(one!.events.map(({ type }) => type)).toEqual(['connected']);
  });

  test('datagrams that overtake each other hurt nothing', async () => {
    const all = await handshakes(20, 0, [0, 30]);
    expect(all.map(({ sameKeys }) => sameKeys)).toEqual(new Array(20).fill(true));
  });

  test('at 10 % loss and reordering all come through, with the same keys at both ends', async () => {
    const all = await handshakes(20, 0.1, [0, 30]);
    expect(all.map(({ sameKeys }) => sameKeys)).toEqual(new Array(20).fill(true));
  });

  test('leaves no alarm', async () => {
    await handshakes(2, 0.1, [0, 30]);
    expect(alarms.size).toBe(0);
  });
});
