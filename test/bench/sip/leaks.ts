/** Calls come and go: what is left of them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Usage } from './gateway.ts';
import { BenchGateway } from './sockets.ts';

/** Timers H and J of RFC 3261, a room's departure, and some more. */
const ALL_OVER_MS = 40_000;

/** Makes `calls` twice: everything is gone each time, and the second time leaves no more heap than the first. */
export async function leaks(calls: number): Promise<void> {
  const gateway = await BenchGateway.start();
  const after: Usage[] = [];
  try {
    for (const run of ['a', 'b']) {
      const result = await gateway.load({ transport: 'udp', rate: 500, calls, ends: 'bye', run });
      await sleep(ALL_OVER_MS);
      const usage = await gateway.ask('collect');
      after.push(usage);
      const { heap, calls: up, transactions, alarms, rooms, participants } = usage;
      console.log(
        `after ${calls} calls (${result.failed} failed): heap ${(heap / 1e6).toFixed(1)} MB, ` +
          `${up} calls, ${transactions} transactions, ${alarms} alarms, ${rooms} rooms, ${participants} participants`,
      );
    }
  } finally {
    await gateway.stop();
  }
  const left = after.map(
    (each) => each.calls + each.transactions + each.alarms + each.rooms + each.participants,
  );
  const grown = (after[1]?.heap ?? 0) - (after[0]?.heap ?? 0);
  const well = left.every((each) => each === 0) && grown < calls * 50;
  console.log(
    `${well ? 'nothing leaks' : 'SOMETHING LEAKS'}: heap ${grown < 0 ? '' : '+'}${(grown / 1e6).toFixed(2)} MB`,
  );
  if (!well) process.exitCode = 1;
}
