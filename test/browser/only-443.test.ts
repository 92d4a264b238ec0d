import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import { Authority } from '../support/certificates.ts';
import { ChromiumUser } from '../support/chromium.ts';
import { freePortBlock } from '../support/free-ports.ts';
import { Gateway, writeConfiguration } from '../support/gateway.ts';
import { faultsHeard } from '../support/hearing.ts';
import { joinRoom } from '../support/room-page.ts';

/** A network that lets nothing through but HTTPS: the page, signaling and all media by TLS on one port. */
const PHONE = { hz: 440, amplitude: 8192 };
const BROWSER = { hz: 1000, amplitude: 8192 };
const JUDGED = { fromSecond: 1, seconds: 8 };

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
  const browser = await ChromiumUser.start({ tone: BROWSER, turnTransport: 'tls', verify: 'skip' });
  const phone = await Baresip.start({ user: '60312345678', tone: PHONE });
  try {
    const origin = `https://localhost:${httpsPort}`;
    await joinRoom(browser, gateway, { room: 'https', name: 'Anna', path: 'relay', origin });
    await phone.dial(gateway.sipUri('https'));
    await browser.waitForTracks(1);
    await browser.clearRecording();
    await sleep(1000 * (JUDGED.fromSecond + JUDGED.seconds) + 500);

    const inBrowser = await browser.heard();
    const pairs = await browser.selectedPairs();
    phone.hangUp();
    await phone.closed(5000);

    expect(pairs.length).toBeGreaterThan(0);
    for (const pair of pairs) expect(pair).toMatchObject({ localType: 'relay', relayProtocol: 'tls' });
    expect(faultsHeard(phone.heard(), { tones: [BROWSER], absent: [PHONE.hz], ...JUDGED })).toEqual([]);
    expect(faultsHeard(inBrowser, { tones: [PHONE], absent: [BROWSER.hz], ...JUDGED })).toEqual([]);
  } finally {
    await phone.stop();
    await browser.stop();
  }
});
