/** A carrier changes the codec in a live call (RFC 3264 section 8.3.2) while a real browser listens, and talks. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChromiumUser } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import { Gateway } from '../support/gateway.ts';
import { faultsHeard, longestToneGap } from '../support/hearing.ts';
import { RawPhone } from '../support/raw-phone.ts';
import { joinRoom } from '../support/room-page.ts';

const PHONE = { hz: 440, amplitude: 8192 };
const BROWSER = { hz: 1000, amplitude: 8192 };
/** A track in the new codec has to be offered to the browser, and answered by it. */
const LONGEST_GAP_MS = 1000;
const LEVEL_DB = 20 * Math.log10(PHONE.amplitude / 32_768) - 12;

let gateway: Gateway;
let browser: ChromiumUser;

beforeAll(async () => {
  gateway = await Gateway.start();
  browser = await ChromiumUser.start({ tone: BROWSER });
});

afterAll(async () => {
  await browser?.stop();
  await gateway?.stop();
});

test('from PCMA to PCMU and back: the browser hears on, and so does the phone', async () => {
  await joinRoom(browser, gateway, { room: 'codecs', name: 'Anna', path: 'any' });
  const phone = await RawPhone.call(gateway.ports.sip, 'codecs', PHONE);
  try {
    await browser.waitForTracks(1);
    await sleep(2000);
    for (const [law, payloadType] of [
      ['pcmu', 0],
      ['pcma', 8],
    ] as const) {
      await browser.clearRecording();
      await sleep(1000);
      await phone.offer(law);
      await sleep(4000);
      const recording = await browser.heard();
      const gap = longestToneGap(recording.samples, recording.sampleRate, PHONE.hz, LEVEL_DB);
      expect(gap.lengthMs, `${law}, ${gap.startMs} ms in`).toBeLessThan(LONGEST_GAP_MS);
      await browser.waitForTracks(1);
      // When it has changed, all is as before.
      await browser.clearRecording();
      phone.heard();
      await sleep(3500);
      const judged = { fromSecond: 0.5, seconds: 2.5 };
      const inBrowser = await browser.heard();
      expect(faultsHeard(inBrowser, { tones: [PHONE], absent: [BROWSER.hz], ...judged }), law).toEqual([]);
      expect(phone.lastPayloadType).toBe(payloadType);
      const inPhone = phone.heard();
      expect(faultsHeard(inPhone, { tones: [BROWSER], absent: [PHONE.hz], ...judged }), law).toEqual([]);
    }
    await phone.hangUp();
    await browser.waitForTracks(0);
    await eventually('the call is over', 15_000, async () => {
      return (await gateway.metrics()).value('trunkroom_calls') === 0;
    });
  } finally {
    phone.close();
  }
});
