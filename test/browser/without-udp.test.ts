import { afterAll, beforeAll, expect, test } from 'vitest';
import { Gateway } from '../support/gateway.ts';
import { hearEachOther } from '../support/phone-beside-browser.ts';

/** A browser that knows of no UDP port and is given no TURN server: ICE over TCP (RFC 6544) is what is left. */
let gateway: Gateway;

beforeAll(async () => {
  gateway = await Gateway.start();
});

afterAll(async () => {
  await gateway?.stop();
});

test('without UDP and without TURN, a browser and a phone hear each other', async () => {
  const pairs = await hearEachOther(
    gateway,
    { turnTransport: 'none', network: 'tcp' },
    { room: 'tcp', path: 'any' },
  );
  for (const pair of pairs) expect(pair).toMatchObject({ protocol: 'tcp', remotePort: gateway.ports.iceTcp });
});
