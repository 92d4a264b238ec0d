import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Child } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { freePortBlock } from '../support/free-ports.ts';
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

async function strays(): Promise<number> {
  const metrics = await gateway.metrics();
  return metrics.value('trunkroom_dropped_total', { where: 'sip', reason: 'not-admitted' }) ?? 0;
}

/** Runs a tool of sipvicious to its end; what it printed. */
async function sipvicious(tool: string, source: string, ...args: string[]): Promise<string> {
  const [local, remote] = [String(await freePortBlock(4)), String(gateway.ports.sip)];
  const child = new Child(tool, tool, ['-b', source, '-P', local, '-p', remote, ...args]);
  await Promise.race([child.exited, sleep(20_000)]);
  await child.stop();
  return child.output;
}

test('sipvicious learns nothing from an address that no trunk names', async () => {
  const before = await strays();
  for (const method of ['OPTIONS', 'INVITE', 'REGISTER']) {
    expect(await sipvicious('svmap', STRANGER, '-m', method, '127.0.0.1')).toContain('found nothing');
  }
  const war = await sipvicious('svwar', STRANGER, '-m', 'INVITE', '-e', '100-110', '127.0.0.1');
  expect(war).not.toMatch(/reqauth|noauth/);
  const crack = await sipvicious('svcrack', STRANGER, '-u', '100', '-r', '1-20', '127.0.0.1');
  expect(crack).not.toMatch(/\| *100/);
  await eventually('they were all met with silence', 15_000, async () => (await strays()) > before);
});

test('the same tool finds the gateway from where it may look', async () => {
  expect(await sipvicious('svmap', '127.0.0.1', '127.0.0.1')).toContain('trunkroom');
});
