/** Wide-band softphones and a browser: G.722 and Opus go over as they are, and both ends hear more than a telephone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import { ChromiumUser } from '../support/chromium.ts';
import { Gateway } from '../support/gateway.ts';
import { faultsHeard } from '../support/hearing.ts';
import { oneTrunk } from '../support/one-trunk.ts';
import { joinRoom } from '../support/room-page.ts';

/** Above 4 kHz, where G.711 hears nothing. */
const BROWSER = { hz: 5000, amplitude: 8192 };
const JUDGED = { fromSecond: 2, seconds: 8 };

let gateway: Gateway;
let browser: ChromiumUser;

beforeAll(async () => {
  gateway = await Gateway.start(
    oneTrunk({ allowed_addresses: ['127.0.0.1'], codecs: ['OPUS', 'G722', 'PCMA'] }),
  );
  browser = await ChromiumUser.start({ tone: BROWSER });
});

afterAll(async () => {
  await browser?.stop();
  await gateway?.stop();
});

test.each([
  ['G722/16000/1', 440],
  ['opus/48000/2', 440],
  ['G722/16000/1', 6000],
] as const)('a phone with %s that says %i Hz, and a browser that says 5 kHz', async (codec, hz) => {
  const said = { hz, amplitude: 8192 };
  const room = `wide-${codec.slice(0, 4)}-${hz}`;
  const phone = await Baresip.start({ user: '60312345678', tone: said, codec });
  try {
    await joinRoom(browser, gateway, { room, name: 'Anna', path: 'any' });
    await phone.dial(gateway.sipUri(room));
    await browser.waitForTracks(1);
    await browser.clearRecording();
    await sleep(1000 * (JUDGED.fromSecond + JUDGED.seconds) + 1000);
    const inBrowser = await browser.heard();
    phone.hangUp();
    await phone.closed();
    await browser.waitForTracks(0);
    const inPhone = phone.heard();
    expect(faultsHeard(inBrowser, { tones: [said], absent: [BROWSER.hz], ...JUDGED }), 'the browser').toEqual(
      [],
    );
    expect(faultsHeard(inPhone, { tones: [BROWSER], absent: [hz], ...JUDGED }), 'the phone').toEqual([]);
  } finally {
    await phone.stop();
  }
});
