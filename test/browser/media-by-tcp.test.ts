import { afterAll, beforeAll, expect, test } from 'vitest';
import { Authority } from '../support/certificates.ts';
import { freePortBlock } from '../support/free-ports.ts';
import { Gateway, writeConfiguration } from '../support/gateway.ts';
import { hearEachOther } from '../support/phone-beside-browser.ts';

/** Networks that let no UDP through, as far as a browser can be told so; networks.test.ts has real ones, for root. */
let gateway: Gateway;
let httpsPort: number;

beforeAll(async () => {
  httpsPort = await freePortBlock(2);
  const { certificate, key } = new Authority().issue('localhost', 'DNS:localhost');
  const configuration = writeConfiguration(`
tls:
  domain: localhost
  https_port: ${httpsPort}
  turn_port: ${httpsPort + 1}
  certificates:
    - { certificate_file: ${certificate}, key_file: ${key} }
`);
  gateway = await Gateway.start({}, ['--config', configuration]);
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
