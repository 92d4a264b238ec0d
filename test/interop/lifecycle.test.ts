import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import type { Child } from '../support/child.ts';
import { ChromiumUser } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import {
  freePorts,
  Gateway,
  portsAsEnvironment,
  spawnGateway,
  writeConfiguration,
} from '../support/gateway.ts';
import { joinRoom } from '../support/room-page.ts';

/** The promise of the issue: everything is closed and the process is gone within 5 s of the signal. */
const STOP_WITHIN_MS = 5000;

const cleanups: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function later<T extends { stop(): Promise<unknown> }>(peer: T): T {
  cleanups.push(() => peer.stop());
  return peer;
}

describe('start', () => {
  test('says where everything listens, and how to call it', async () => {
    const gateway = later(await Gateway.start());
    console.log(
      `ready after ${gateway.startupMs.toFixed(0)} ms (the promise is 3000 on a machine that is idle)`,
    );
    expect(gateway.startupMs).toBeLessThan(30_000);
    await eventually('it prints its addresses', 15_000, () => gateway.child.output.includes('sip:'));
    const { output } = gateway.child;
    expect(output).toContain(`:${gateway.ports.http}`);
    expect(output).toContain(String(gateway.ports.turn));
    expect(output).toMatch(/sip:\S+@\S+/);
  });

  test.each(['sip', 'http', 'turn', 'iceUdp'] as const)(
    'a taken %s port is one clear line and a failure',
    async (which) => {
      const ports = await freePorts();
      await occupy(ports[which]);
      const child = spawnGateway(portsAsEnvironment(ports));
      await endsWithOneLine(child, new RegExp(`\\b${ports[which]}\\b`));
    },
  );

  test('an unknown key in the configuration is named with file, line and column', async () => {
    const path = writeConfiguration('sip:\n  port: 5060\n  colour: blue\n');
    const child = spawnGateway(portsAsEnvironment(await freePorts()), ['--config', path]);
    await endsWithOneLine(child, /trunkroom\.yaml:3:3\b.*colour/);
  });

  test('a value of the wrong type is named with file, line and column', async () => {
    const path = writeConfiguration('http:\n  port: eleven\n');
    const env = portsAsEnvironment(await freePorts());
    delete env['TRUNKROOM_HTTP_PORT'];
    await endsWithOneLine(spawnGateway(env, ['--config', path]), /trunkroom\.yaml:2:9\b.*port/);
  });

  test('a configuration file that is not there is a failure', async () => {
    const child = spawnGateway(portsAsEnvironment(await freePorts()), ['--config', 'no-such-file.yaml']);
    await endsWithOneLine(child, /no-such-file\.yaml/);
  });
});

describe('stop', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s without a call: exit 0 in 5 s', async (signal) => {
    const gateway = later(await Gateway.start());
    const startedAt = performance.now();
    gateway.child.signal(signal);
    const exit = await gateway.child.exited;
    expect(exit, gateway.child.tail()).toEqual({ code: 0, signal: null });
    expect(performance.now() - startedAt).toBeLessThan(STOP_WITHIN_MS);
    // A media worker that has to be killed says so.
    expect(gateway.child.output).not.toContain('worker.failed');
  });

  test('SIGTERM in a call: BYE to the phone, leave to the browser, exit 0 in 5 s', async () => {
    const gateway = later(await Gateway.start());
    const phone = later(await Baresip.start({ user: '60312345678', tone: { hz: 440, amplitude: 8192 } }));
    const browser = later(await ChromiumUser.start({ tone: { hz: 1000, amplitude: 8192 } }));
    await joinRoom(browser, gateway, { room: 'lobby', name: 'Anna', path: 'any' });
    await phone.dial(gateway.sipUri('lobby'));
    await browser.waitForTracks(1);
    const exit = await gateway.stop();
    expect(exit, gateway.child.tail()).toMatchObject({ code: 0, signal: null });
    expect(exit.tookMs).toBeLessThan(STOP_WITHIN_MS);
    await phone.closed();
    await eventually('baresip got a BYE', 15_000, () => /^BYE sip:/m.test(phone.output));
    // `leave` with the reason, and the word to come back: a gateway that is started again has everybody back.
    await eventually('the page tries to come back', 15_000, async () => {
      return (await browser.page.locator('#state').getAttribute('data-state')) === 'reconnecting';
    });
  });
});

/** Holds a port for UDP and TCP until the test is over. */
async function occupy(port: number): Promise<void> {
  const udp = createSocket('udp4');
  await new Promise<void>((resolve) => udp.bind(port, resolve));
  cleanups.push(() => udp.close());
  const tcp = createServer();
  await new Promise<void>((resolve) => tcp.listen(port, resolve));
  cleanups.push(() => tcp.close());
}

/** Waits for a failed start: exit code not 0, and what was said is one line that matches, with no stack under it. */
async function endsWithOneLine(child: Child, pattern: RegExp): Promise<void> {
  later(child);
  await eventually('the gateway gives up', 30_000, () => child.exit !== undefined);
  expect(child.exit?.code, child.tail()).toBeGreaterThan(0);
  const lines = child.output.split('\n').filter((line) => line.trim() !== '');
  const matching = lines.filter((line) => pattern.test(line));
  expect(matching, child.output).toHaveLength(1);
  expect(child.output).not.toMatch(/^\s+at .*:\d+:\d+/m);
}
