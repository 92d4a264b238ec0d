import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Gateway } from '../support/gateway.ts';
import { hearEachOther } from '../support/phone-beside-browser.ts';
import { startTlsGateway } from '../support/tls-gateway.ts';

/** Networks that let no UDP through, as far as a browser can be told so; networks.test.ts has real ones, for root. */
let gateway: Gateway;
let httpsPort: number;

beforeAll(async () => {
  ({ gateway, httpsPort } = await startTlsGateway());
});

afterAll(async () => {
  await gateway?.stop();
});

test('by the port of HTTPS alone, a browser and a phone hear each other', async () => {
  const origin = `https://localhost:${httpsPort}`;
  const pairs = await hearEachOther(
    gateway,
    { turnTransport: 'tls', verify: 'skip' },
    { room: 'https', path: 'relay', origin },
  );
  for (const pair of pairs) expect(pair).toMatchObject({ localType: 'relay', relayProtocol: 'tls' });
});

test('without UDP and without TURN, by ICE over TCP (RFC 6544), too', async () => {
  const pairs = await hearEachOther(
    gateway,
    { turnTransport: 'none', network: 'tcp' },
    { room: 'tcp', path: 'any' },
  );
  for (const pair of pairs) expect(pair).toMatchObject({ protocol: 'tcp', remotePort: gateway.ports.iceTcp });
});
