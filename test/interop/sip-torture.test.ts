import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import { eventually } from '../support/eventually.ts';
import { Gateway } from '../support/gateway.ts';
import { faultsHeard } from '../support/hearing.ts';
import { RawUdp, rawOffer, rawRequest, tcpExchange } from '../support/raw-sip.ts';
import { repositoryRoot } from '../support/root.ts';
import type { ToneSource } from '../support/wav.ts';

const TONES: readonly ToneSource[] = [
  { hz: 440, amplitude: 8192 },
  { hz: 620, amplitude: 8192 },
];

let gateway: Gateway;
let phones: Baresip[] = [];

beforeAll(async () => {
  gateway = await Gateway.start();
  phones = await Promise.all(TONES.map((tone, i) => Baresip.start({ user: `6031234568${i}`, tone })));
  for (const phone of phones) await phone.dial(gateway.sipUri('tortured'));
  await sleep(1500);
});

afterAll(async () => {
  await Promise.all(phones.map((phone) => phone.stop()));
  await gateway?.stop();
});

/** Every message of both RFCs, by its file's name. */
function messages(): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const set of ['rfc4475', 'rfc5118']) {
    const folder = `${repositoryRoot}test/data/${set}`;
    for (const name of readdirSync(folder)) found.set(`${set}/${name}`, readFileSync(`${folder}/${name}`));
  }
  return found;
}

test('the messages of RFC 4475 and RFC 5118 over UDP and TCP hurt nobody', async () => {
  const all = messages();
  expect(all.size).toBe(51 + 12);
  const fromSecond = (phones[0]?.heard().samples.length ?? 0) / 8000;
  const startedAt = performance.now();
  const raw = await RawUdp.open(gateway.ports.sip);
  try {
    for (const bytes of all.values()) {
      raw.send(bytes);
      await sleep(10);
    }
    for (const [name, bytes] of all) {
      // From a connection of its own: one that cannot be framed ends with it.
      await tcpExchange(gateway.ports.sip, bytes, 60);
      expect(gateway.child.exit, name).toBeUndefined();
    }
    raw.received.length = 0;
    raw.send(rawRequest({ method: 'OPTIONS', user: 'a', port: gateway.ports.sip, localPort: raw.localPort }));
    await raw.expect('SIP/2.0 200');
  } finally {
    raw.close();
  }
  // Less than has passed: what a softphone has written to its file lags behind.
  const seconds = (performance.now() - startedAt) / 1000 - 1.5;
  await sleep(1000);
  expect(await gateway.isWell(), gateway.child.tail()).toBe(true);
  const metrics = await gateway.metrics();
  expect(
    metrics.value('trunkroom_dropped_total', { where: 'sip', reason: 'internal-error' }),
  ).toBeUndefined();
  for (const phone of phones) phone.hangUp();
  for (const phone of phones) await phone.closed();
  phones.forEach((phone, index) => {
    const tones = TONES.filter((_, other) => other !== index);
    expect(faultsHeard(phone.heard(), { tones, absent: [], fromSecond, seconds })).toEqual([]);
  });
});

test('a datagram of 60,000 bytes is one message', async () => {
  const raw = await RawUdp.open(gateway.ports.sip);
  try {
    const headers = Array.from({ length: 10 }, (_, i) => `X-Filler-${i}: ${'x'.repeat(5900)}`);
    const request = { method: 'OPTIONS', user: 'a', port: gateway.ports.sip, localPort: raw.localPort };
    const text = rawRequest({ ...request, headers });
    expect(text.length).toBeGreaterThan(59_000);
    raw.send(text);
    await raw.expect('SIP/2.0 200');
  } finally {
    raw.close();
  }
});

test('a caller with IPv6 gets answers and a Contact that it can reach', async () => {
  const six = await Gateway.start({ TRUNKROOM_SIP_ADDRESS: '"::"' });
  const raw = await RawUdp.open(six.ports.sip, '::1');
  try {
    const request = { user: 'six', port: six.ports.sip, localPort: raw.localPort, callId: 'six' };
    const text = (method: string) =>
      rawRequest({
        ...request,
        method,
        ...(method === 'INVITE' ? { body: rawOffer(40_000) } : {}),
      }).replaceAll(/127\.0\.0\.1:(\d+)(?=[;>])/g, '[::1]:$1');
    raw.send(text('OPTIONS'));
    expect(await raw.expect('SIP/2.0 200')).toMatch(/^Via:.*received=::1;rport=\d+/m);
    raw.received.length = 0;
    raw.send(text('INVITE'));
    await eventually('an answer with a Contact', 15_000, () =>
      raw.received.some((each) => new RegExp(`^Contact: <sip:\\[::1\\]:${six.ports.sip}>`, 'm').test(each)),
    );
    const four = await RawUdp.open(six.ports.sip);
    four.send(rawRequest({ ...request, localPort: four.localPort, method: 'OPTIONS', callId: 'four' }));
    expect(await four.expect('SIP/2.0 200')).toMatch(/^Via:.*received=127\.0\.0\.1;/m);
    four.close();
  } finally {
    raw.close();
    await six.stop();
  }
});
