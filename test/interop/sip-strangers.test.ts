import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import { Child } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { flood } from '../support/flood.ts';
import { freePortBlock } from '../support/free-ports.ts';
import { Gateway } from '../support/gateway.ts';
import { faultsHeard } from '../support/hearing.ts';
import type { ToneSource } from '../support/wav.ts';

const STRANGER = '127.0.0.2';
const TONES: readonly ToneSource[] = [
  { hz: 440, amplitude: 8192 },
  { hz: 620, amplitude: 8192 },
];

let gateway: Gateway;

beforeAll(async () => {
  const trunk = { id: 'carrier', name: 'Carrier', allowed_addresses: ['127.0.0.1/32'] };
  const rule = { id: 'all', name: 'All', callee: { room_prefix: '', randomize: false } };
  gateway = await Gateway.start({
    TRUNKROOM_TRUNKS: JSON.stringify([trunk]),
    TRUNKROOM_RULES: JSON.stringify([rule]),
  });
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
  await eventually('they were all met with silence', 5000, async () => (await strays()) > before);
});

test('the same tool finds the gateway from where it may look', async () => {
  expect(await sipvicious('svmap', '127.0.0.1', '127.0.0.1')).toContain('trunkroom');
});

test('20,000 stray packets a second leave calls and memory alone', async () => {
  const phones = await Promise.all(
    TONES.map((tone, index) => Baresip.start({ user: `6031234567${index}`, tone })),
  );
  try {
    for (const phone of phones) await phone.dial(gateway.sipUri('flooded'));
    await sleep(1500);
    const rssBefore = (await gateway.metrics()).value('process_resident_memory_bytes') ?? 0;
    const before = await strays();
    const fromSecond = (phones[0]?.heard().samples.length ?? 0) / 8000;
    const seconds = 5;
    const sent = await flood({ port: gateway.ports.sip, source: STRANGER, perSecond: 20_000, seconds });
    await sleep(1500);
    const metrics = await gateway.metrics();
    expect(sent).toBe(100_000);
    // What the kernel's buffer did not hold never came.
    expect((await strays()) - before).toBeGreaterThan(sent / 4);
    const grownMb = ((metrics.value('process_resident_memory_bytes') ?? 0) - rssBefore) / 1e6;
    expect(grownMb).toBeLessThan(64);
    // Some are left of the test before, none is the flood's.
    expect(metrics.value('trunkroom_sip_transactions')).toBeLessThan(200);
    for (const phone of phones) phone.hangUp();
    for (const phone of phones) await phone.closed(5000);
    phones.forEach((phone, index) => {
      const other = TONES[1 - index];
      const tones = other === undefined ? [] : [other];
      expect(faultsHeard(phone.heard(), { tones, absent: [], fromSecond, seconds })).toEqual([]);
    });
  } finally {
    await Promise.all(phones.map((phone) => phone.stop()));
  }
});
