/** An upgrade under calls, with the product as it is started: who talks is heard to the end, who comes is sent elsewhere. */
import { afterEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { Gateway } from '../support/gateway.ts';
import { RawPhone } from '../support/raw-phone.ts';
import { RawUdp, rawOffer, rawRequest } from '../support/raw-sip.ts';
import { toneLevel } from '../support/tones.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function draining() {
  const gateway = await Gateway.start({ TRUNKROOM_NODE_SHUTDOWN_GRACE: '60s', TRUNKROOM_LOG_FORMAT: 'json' });
  cleanups.push(() => gateway.stop());
  const call = async (hz: number) => {
    const phone = await RawPhone.call(gateway.ports.sip, 'lobby', { hz, amplitude: 8192 });
    cleanups.push(() => phone.close());
    return phone;
  };
  const [ann, bob] = [await call(440), await call(880)];
  gateway.child.signal('SIGTERM');
  await gateway.child.waitForOutput(/"state":"begun","calls":2,/, 20_000);
  return { gateway, ann, bob };
}

test('two phones go on hearing each other, a third is refused, and the process ends with the last call', async () => {
  const { gateway, ann, bob } = await draining();
  const raw = await RawUdp.open(gateway.ports.sip);
  cleanups.push(() => raw.close());
  const third = { user: 'lobby', port: gateway.ports.sip, localPort: raw.localPort };
  raw.send(rawRequest({ ...third, method: 'INVITE', body: rawOffer(raw.localPort) }));
  const refused = await raw.expect('SIP/2.0 503');
  expect(refused).toMatch(/^Reason: Q\.850;cause=42;text="draining:/m);
  expect(refused).toMatch(/^Retry-After: 5\r$/m);
  raw.received.length = 0;
  raw.send(rawRequest({ ...third, method: 'OPTIONS' }));
  await raw.expect('SIP/2.0 503');
  const ready = await fetch(`${gateway.url}/readyz`);
  expect([ready.status, await ready.text()]).toEqual([503, 'not ready: draining\n']);
  expect((await fetch(`${gateway.url}/servingz`)).status).toBe(200);

  ann.heard();
  bob.heard();
  await eventually('two seconds more', 20_000, () => ann.heardFrames > 100 && bob.heardFrames > 100);
  for (const [phone, theirs] of [
    [ann, 880],
    [bob, 440],
  ] as const) {
    const { samples, sampleRate } = phone.heard();
    expect(toneLevel(samples, sampleRate, theirs)).toBeGreaterThan(-20);
  }
  await ann.hangUp();
  await gateway.child.waitForOutput(/call ended/, 20_000);
  expect(gateway.child.exit).toBeUndefined();
  await bob.hangUp();
  const hungUpAt = performance.now();
  expect(await gateway.child.exited, gateway.child.tail()).toEqual({ code: 0, signal: null });
  const tookMs = performance.now() - hungUpAt;
  console.log(
    `ended ${tookMs.toFixed(0)} ms after the last call (the promise is 1000 on a machine that is idle)`,
  );
  expect(tookMs).toBeLessThan(5000);
  expect(gateway.child.output).toMatch(/"state":"over","calls":0,/);
});

test('a second signal means now: calls end with a BYE, and the process is gone', async () => {
  const { gateway } = await draining();
  gateway.child.signal('SIGINT');
  expect(await gateway.child.exited, gateway.child.tail()).toEqual({ code: 0, signal: null });
  const endings = gateway.child.output.split('\n').filter((line) => line.includes('"call ended"'));
  expect(endings.filter((line) => line.includes('stopping'))).toHaveLength(2);
});
