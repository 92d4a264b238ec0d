import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import { eventually } from '../support/eventually.ts';
import { Gateway, writeConfiguration } from '../support/gateway.ts';
import { rmsLevel, toneLevel } from '../support/tones.ts';

/** Two rooms behind one number, and a phone that is let in to neither without its PIN. */
const CONFIG = `
trunks:
  - id: local
    allowed_addresses: [127.0.0.0/8]
rules:
  - id: board
    direct: {room_name: board, pin: "4711"}
  - id: sales
    direct: {room_name: sales, pin: "0815"}
`;
const AMPLITUDE = 8192;

let gateway: Gateway;
const phones: Baresip[] = [];

beforeAll(async () => {
  gateway = await Gateway.start({}, ['--config', writeConfiguration(CONFIG)]);
});

afterAll(async () => {
  for (const each of phones) await each.stop();
  await gateway?.stop();
});

async function phone(user: string, frequency: number): Promise<Baresip> {
  const made = await Baresip.start({ user, tone: { hz: frequency, amplitude: AMPLITUDE } });
  phones.push(made);
  await made.dial(gateway.sipUri('60312345678'));
  return made;
}

const rooms = async () => (await gateway.metrics()).value('trunkroom_rooms');

test('two softphones hear the prompt, key a PIN, and then each other', async () => {
  const [a, b] = [await phone('1001', 450), await phone('1002', 850)];
  await sleep(3500);
  expect(await rooms()).toBe(0);
  for (const each of [a, b]) each.command('sndcode', '0815#');
  await eventually('both are in the room', 15_000, async () => {
    const log = gateway.child.output;
    return log.match(/participant is active|call answered/g)?.length === 2;
  });
  await sleep(4000);
  for (const each of [a, b]) each.hangUp();
  await Promise.all([a.closed(), b.closed()]);
  const own = { a: 450, b: 850 };
  for (const [heard, other] of [
    [a.heard(), own.b],
    [b.heard(), own.a],
  ] as const) {
    const { samples, sampleRate: rate } = heard;
    const prompt = samples.subarray(rate / 2, 3 * rate);
    // Speech as loud as on any phone, and nobody's tone behind it.
    expect(rmsLevel(prompt)).toBeGreaterThan(-32);
    expect(toneLevel(prompt, rate, other)).toBeLessThan(-50);
    const end = samples.subarray(samples.length - 3 * rate, samples.length - rate);
    expect(toneLevel(end, rate, other)).toBeGreaterThan(-18);
  }
  // A PIN is in no log.
  expect(gateway.child.output).not.toContain('0815');
});
