import { afterAll, beforeAll, expect, test } from 'vitest';
import { Child } from '../support/child.ts';
import { Gateway } from '../support/gateway.ts';
import { faultsHeard } from '../support/hearing.ts';
import { oneTrunk } from '../support/one-trunk.ts';
import { productNode } from '../support/root.ts';
import { readWav } from '../support/wav.ts';
import { newWorkspace } from '../support/workspace.ts';

const AMPLITUDE = 8192;

let gateway: Gateway;
let wide: Gateway;

beforeAll(async () => {
  [gateway, wide] = await Promise.all([
    Gateway.start(),
    Gateway.start(oneTrunk({ allowed_addresses: ['127.0.0.1'], codecs: ['OPUS', 'G722', 'PCMA'] })),
  ]);
});

afterAll(async () => {
  await Promise.all([gateway?.stop(), wide?.stop()]);
});

function tool(name: 'phone' | 'carrier', ...args: readonly string[]): Child {
  return new Child(name, productNode, [`src/app/tools/${name}.ts`, ...args]);
}

test('two phones of the command line hear each other, one over TCP', async () => {
  const folder = newWorkspace('tools');
  const uri = gateway.sipUri('desk');
  const one = tool(
    'phone',
    uri,
    '--from',
    '1001',
    '--tone',
    '440',
    '--seconds',
    '9',
    '--record',
    `${folder}/one.wav`,
  );
  const two = tool(
    'phone',
    ...[uri, '--from', '1002', '--tone', '1000', '--seconds', '9', '--record', `${folder}/two.wav`],
    ...['--transport', 'tcp', '--codec', 'PCMU', '--dtmf', '1#'],
  );
  const exits = await Promise.all([one.exited, two.exited]);
  expect(exits, one.output + two.output).toEqual([
    { code: 0, signal: null },
    { code: 0, signal: null },
  ]);
  const judged = { fromSecond: 3, seconds: 4 };
  const tones = { one: { hz: 440, amplitude: AMPLITUDE }, two: { hz: 1000, amplitude: AMPLITUDE } };
  expect(faultsHeard(readWav(`${folder}/one.wav`), { tones: [tones.two], absent: [440], ...judged })).toEqual(
    [],
  );
  expect(
    faultsHeard(readWav(`${folder}/two.wav`), { tones: [tones.one], absent: [1000], ...judged }),
  ).toEqual([]);
});

test.each(['g722', 'opus'])('carriers talk wide-band, too: %s', async (codec) => {
  const args = ['--calls', '4', '--seconds', '6', '--gap', '1000', '--codec', codec];
  const run = tool('carrier', ...args, '--target', wide.sipUri('wide'));
  expect(await run.exited, run.output).toEqual({ code: 0, signal: null });
  const answered = (await wide.metrics()).value('trunkroom_calls_answered_total', {
    codec: `audio/${codec}`,
  });
  expect(answered).toBe(4);
});

test('a phone says why a call did not come about, and fails', async () => {
  const refused = tool('phone', `sip:lobby@127.0.0.1:${gateway.ports.http + 1};transport=tcp`);
  expect((await refused.exited).code).toBe(1);
  expect(refused.output).toContain('ECONNREFUSED');
});

test('a carrier of 12 calls in three rooms finds all of them good', async () => {
  // The longest gap is for a machine that does nothing else; whether every tone came through is not.
  const args = [
    ...['--calls', '12', '--rate', '6', '--seconds', '8', '--rooms', '3', '--gap', '1000'],
    ...['--target', gateway.sipUri('load')],
  ];
  const carrier = tool('carrier', ...args);
  const exit = await carrier.exited;
  expect(exit, carrier.output).toEqual({ code: 0, signal: null });
  expect(carrier.output).toMatch(/good +12 of 12/);
  expect(carrier.output).toMatch(/audio +36 of 36 pairs heard, 0 calls heard themselves/);
});
