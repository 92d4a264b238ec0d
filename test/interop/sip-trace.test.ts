import { createSocket, type Socket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import { Child } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { Gateway, portsAsEnvironment } from '../support/gateway.ts';
import { productNode, repositoryRoot } from '../support/root.ts';
import { newWorkspace } from '../support/workspace.ts';

let collector: Socket;
const captured: Buffer[] = [];
let gateway: Gateway;

beforeAll(async () => {
  collector = createSocket('udp4').on('message', (bytes) => captured.push(bytes));
  await new Promise<void>((resolve) => collector.bind(0, '127.0.0.1', resolve));
  gateway = await Gateway.start({
    TRUNKROOM_TRACE_HEP_ADDRESS: '127.0.0.1',
    TRUNKROOM_TRACE_HEP_PORT: String(collector.address().port),
    TRUNKROOM_TRACE_HEP_PASSWORD: 'collectors-key',
  });
  const phone = await Baresip.start({ user: '60377777002', tone: { hz: 440, amplitude: 8192 } });
  try {
    await phone.dial(gateway.sipUri('traced'));
    await eventually('the phone is heard', 15_000, async () => {
      const metrics = await gateway.metrics();
      return (metrics.value('trunkroom_call_first_rtp_seconds_count') ?? 0) > 0;
    });
    phone.hangUp();
    await phone.closed();
  } finally {
    await phone.stop();
  }
});

afterAll(async () => {
  await gateway?.stop();
  collector?.close();
});

/** `npm run trunkroom -- trace …` beside the running gateway. */
async function trace(...args: string[]): Promise<{ text: string; code: number | null }> {
  const command = [`${repositoryRoot}src/app/cli.ts`, 'trace', ...args, '--dev'];
  const child = new Child('trace', productNode, command, portsAsEnvironment(gateway.ports));
  const { code } = await child.exited;
  return { text: child.output, code };
}

test('the command lists the call, shows its ladder and its messages', async () => {
  const list = await trace();
  expect(list.code).toBe(0);
  const call = /SCL_\w+/.exec(list.text)?.[0] ?? 'none';
  const { text } = await trace(call);
  const steps = ['--> .* INVITE', '<-- .* 180', 'trunk development matched', '<-- .* 200 OK .*INVITE'];
  for (const step of [...steps, '--> .* ACK', 'answered', 'first RTP', '--> .* BYE', 'ended: bye'])
    expect(text).toMatch(new RegExp(step));
  expect((await trace(call, '--full')).text).toMatch(/^User-Agent: baresip/m);
  const file = `${newWorkspace('trace')}/call.pcapng`;
  expect(await trace(call, '--pcapng', file)).toMatchObject({ code: 0 });
  expect(readFileSync(file).includes('INVITE sip:traced@')).toBe(true);
  expect(await trace('nobody')).toEqual({ text: 'no such call is kept\n', code: 1 });
});

test('the collector gets each message', () => {
  const seen = captured.map((bytes) => bytes.toString('latin1'));
  expect(seen.every((text) => text.startsWith('HEP3') && text.includes('collectors-key'))).toBe(true);
  for (const start of ['INVITE sip:traced@', 'SIP/2.0 180', 'SIP/2.0 200', 'ACK sip:', 'BYE sip:'])
    expect(
      seen.some((text) => text.includes(start)),
      start,
    ).toBe(true);
});

test('the stages are measured', async () => {
  const metrics = await gateway.metrics();
  for (const stage of ['matched', 'ringing', 'answered', 'rtp-in', 'rtp-out'])
    expect(metrics.value('trunkroom_call_stage_seconds_count', { stage })).toBe(1);
});
