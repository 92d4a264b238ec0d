import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import { ChromiumUser } from '../support/chromium.ts';
import { Gateway } from '../support/gateway.ts';
import { faultsHeard } from '../support/hearing.ts';
import { joinRoom } from '../support/room-page.ts';

/** A browser that knows of no UDP port and is given no TURN server: ICE over TCP (RFC 6544) is what is left. */
const PHONE = { hz: 440, amplitude: 8192 };
const BROWSER = { hz: 1000, amplitude: 8192 };
const JUDGED = { fromSecond: 1, seconds: 8 };

let gateway: Gateway;

beforeAll(async () => {
  gateway = await Gateway.start();
});

afterAll(async () => {
  await gateway?.stop();
});

test('without UDP and without TURN, a browser and a phone hear each other', async () => {
  const browser = await ChromiumUser.start({ tone: BROWSER, turnTransport: 'none', network: 'tcp' });
  const phone = await Baresip.start({ user: '60312345678', tone: PHONE });
  try {
    await joinRoom(browser, gateway, { room: 'tcp', name: 'Anna', path: 'any' });
    await phone.dial(gateway.sipUri('tcp'));
    await browser.waitForTracks(1);
    await browser.clearRecording();
    await sleep(1000 * (JUDGED.fromSecond + JUDGED.seconds) + 500);

    const inBrowser = await browser.heard();
    const pairs = await browser.selectedPairs();
    phone.hangUp();
    await phone.closed(5000);

    expect(pairs.length).toBeGreaterThan(0);
    for (const pair of pairs)
      expect(pair).toMatchObject({ protocol: 'tcp', remotePort: gateway.ports.iceTcp });
    expect(faultsHeard(phone.heard(), { tones: [BROWSER], absent: [PHONE.hz], ...JUDGED })).toEqual([]);
    expect(faultsHeard(inBrowser, { tones: [PHONE], absent: [BROWSER.hz], ...JUDGED })).toEqual([]);
  } finally {
    await phone.stop();
    await browser.stop();
  }
});
