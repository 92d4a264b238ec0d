import { afterAll, beforeAll, expect, test } from 'vitest';
import { Gateway } from '../support/gateway.ts';
import { afterAllIsOver, LEFT_AFTER_CALLS, leftOver } from '../support/left-over.ts';
import { runSipp } from '../support/sipp.ts';

let gateway: Gateway;

/** What was alive before the first call. */
let before: Record<string, number>;

beforeAll(async () => {
  gateway = await Gateway.start();
  before = leftOver(await gateway.metrics());
});

afterAll(async () => {
  await gateway?.stop();
});

test('SIPp makes 50 calls over one TCP connection', async () => {
  const result = await runSipp({
    target: { port: gateway.ports.sip, user: 'load' },
    calls: 50,
    rate: 10,
    holdMs: 200,
    transport: 'tcp',
    withinMs: 60_000,
  });
  expect(result, result.output).toMatchObject({ successful: 50, failed: 0, exitCode: 0 });
});

test('SIPp makes 1000 calls at 20 a second: all succeed, none is resent', async () => {
  const result = await runSipp({
    target: { port: gateway.ports.sip, user: 'load' },
    calls: 1000,
    rate: 20,
    withinMs: 120_000,
  });
  expect(result, result.output).toMatchObject({
    successful: 1000,
    failed: 0,
    retransmissions: 0,
    exitCode: 0,
  });
});

test('of all these calls nothing is left', async () => {
  expect(Object.keys(before).length).toBeGreaterThanOrEqual(LEFT_AFTER_CALLS.length);
  expect(await afterAllIsOver(gateway, before)).toEqual(before);
});
