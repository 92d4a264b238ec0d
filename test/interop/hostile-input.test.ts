import { createSocket } from 'node:dgram';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import { eventually } from '../support/eventually.ts';
import { garbage } from '../support/garbage.ts';
import { Gateway } from '../support/gateway.ts';

/** Datagrams to each UDP port, and connections to each TCP port. */
const DATAGRAMS = 400;
const CONNECTIONS = 40;

let gateway: Gateway;
let phone: Baresip;

beforeAll(async () => {
  gateway = await Gateway.start();
  phone = await Baresip.start({ user: '60312345678', tone: { hz: 440, amplitude: 8192 } });
});

afterAll(async () => {
  await phone?.stop();
  await gateway?.stop();
});

test('garbage on every port ends nothing: the process stays, a call goes on, its RTP has no gap', async () => {
  await phone.dial(gateway.sipUri('lobby'));
  await sleep(1000);
  const heardBefore = phone.heard().samples.length;
  const startedAt = performance.now();
  const { sip, http, iceUdp, iceTcp, turn } = gateway.ports;
  for (const port of [sip, iceUdp, turn]) await throwDatagrams(port);
  for (const port of [sip, http, iceTcp, turn]) await throwStreams(port);
  await sleep(1000);
  const elapsedS = (performance.now() - startedAt) / 1000;

  expect(await gateway.isWell(), gateway.child.tail()).toBe(true);
  expect(phone.events.map((event) => event.type)).not.toContain('CALL_CLOSED');
  // baresip records what arrives: packets that did not come make the recording shorter.
  const heardS = (phone.heard().samples.length - heardBefore) / 8000;
  expect(heardS).toBeGreaterThan(elapsedS - 0.5);
  await eventually('drops are counted on every way in', 15_000, async () => {
    const metrics = await gateway.metrics();
    return ['sip', 'turn'].every((where) => (metrics.value('trunkroom_dropped_total', { where }) ?? 0) > 0);
  });
  phone.hangUp();
  await phone.closed();
});

async function throwDatagrams(port: number): Promise<void> {
  const socket = createSocket('udp4');
  for (let i = 0; i < DATAGRAMS; i++) {
    await new Promise((resolve) => socket.send(garbage(i), port, '127.0.0.1', resolve));
    if (i % 20 === 0) await sleep(5);
  }
  socket.close();
}

async function throwStreams(port: number): Promise<void> {
  for (let i = 0; i < CONNECTIONS; i++) {
    await new Promise<void>((resolve) => {
      const socket = createConnection(port, '127.0.0.1');
      socket.once('connect', () => socket.end(garbage(i)));
      socket.once('error', () => resolve());
      socket.once('close', () => resolve());
      socket.setTimeout(200, () => socket.destroy());
      socket.resume();
    });
  }
}
