import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { floodedCalls } from '../support/flooded-calls.ts';
import { Gateway } from '../support/gateway.ts';
import { oneTrunk } from '../support/one-trunk.ts';

const STRANGER = '127.0.0.2';
let gateway: Gateway;

beforeAll(async () => {
  gateway = await Gateway.start(oneTrunk({ allowed_addresses: ['127.0.0.1/32'] }));
});

afterAll(async () => {
  await gateway?.stop();
});

test('20,000 stray packets a second leave 20 calls and memory alone', async () => {
  const flooded = { calls: 20, perSecond: 20_000, seconds: 10, source: STRANGER };
  const result = await floodedCalls({ gateway, ...flooded });
  expect(result.sent).toBe(200_000);
  // What the kernel's buffer did not hold never came.
  expect(result.dropped).toBeGreaterThan(result.sent / 4);
  expect(result.grownMb).toBeLessThan(64);
  // Some are left of the calls themselves and of the test before, none is the flood's.
  expect(result.transactions).toBeLessThan(200);
  expect(result.faults).toEqual([]);
});

test('100 connections of strangers are not even accepted, and 100 of ours that say nothing cost nothing', async () => {
  const before = await gateway.metrics();
  const silent = await connections(100, '127.0.0.1');
  const strangers = await connections(100, STRANGER);
  await eventually('the strangers are turned away', 15_000, () =>
    strangers.every(({ destroyed }) => destroyed),
  );
  const begun = performance.now();
  await sleep(3000);
  const after = await gateway.metrics();
  const spent = value(after, 'process_cpu_seconds_total') - value(before, 'process_cpu_seconds_total');
  expect(spent / ((performance.now() - begun) / 1000)).toBeLessThan(0.3);
  const grown =
    value(after, 'process_resident_memory_bytes') - value(before, 'process_resident_memory_bytes');
  expect(grown).toBeLessThan(32e6);
  for (const socket of silent) socket.destroy();
  await eventually('the gateway is well', 15_000, () => gateway.isWell());
});

function value(metrics: Awaited<ReturnType<Gateway['metrics']>>, name: string): number {
  return metrics.value(`trunkroom_${name}`) ?? Number.NaN;
}

/** Connections to the SIP port from one of the 127.0.0.0/8 addresses; those that are closed at once count too. */
function connections(count: number, localAddress: string): Promise<Socket[]> {
  return Promise.all(
    Array.from({ length: count }, () => {
      const socket = createConnection({ port: gateway.ports.sip, host: '127.0.0.1', localAddress });
      socket.on('error', () => {});
      return new Promise<Socket>((resolve) => {
        socket.once('connect', () => resolve(socket));
        socket.once('close', () => resolve(socket));
      });
    }),
  );
}
