/** SIPp throws every tenth message away, both of its own and of ours: retransmission alone keeps every call whole. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { Gateway } from '../../support/gateway.ts';
import { leftOver } from '../../support/left-over.ts';
import { runSipp } from '../../support/sipp.ts';

let gateway: Gateway;

beforeAll(async () => {
  gateway = await Gateway.start();
});

afterAll(async () => {
  await gateway?.stop();
});

test('400 calls at 40 a second with every tenth message lost: none fails, and nothing is left', async () => {
  const before = leftOver(await gateway.metrics());
  const result = await runSipp({
    target: { port: gateway.ports.sip, user: 'lossy' },
    calls: 400,
    rate: 40,
    holdMs: 1000,
    scenario: fileURLToPath(new URL('./caller-transactions.xml', import.meta.url)),
    lostPercent: 10,
    withinMs: 60_000,
  });
  expect(result, result.output).toMatchObject({ successful: 400, failed: 0, exitCode: 0 });
  // So many are resent that the loss was real, and it was neither 1 % nor half of everything.
  expect(result.retransmissions).toBeGreaterThan(50);
  let now = before;
  await eventually('all gauges are back where they were', 45_000, async () => {
    now = leftOver(await gateway.metrics());
    return Object.entries(before).every(([name, value]) => now[name] === value);
  }).catch(() => {});
  expect(now).toEqual(before);
});
