import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { Baresip } from './baresip.ts';
import { type ChromiumOptions, ChromiumUser, type SelectedPair } from './chromium.ts';
import type { Gateway } from './gateway.ts';
import { faultsHeard } from './hearing.ts';
import { type JoinOptions, joinRoom } from './room-page.ts';

const PHONE = { hz: 440, amplitude: 8192 };
const BROWSER = { hz: 1000, amplitude: 8192 };
const JUDGED = { fromSecond: 1, seconds: 4 };

/** A softphone and a browser in one room, each of which must hear the other's tone and not its own; by which pairs the browser came. */
export async function hearEachOther(
  gateway: Gateway,
  chromium: Omit<ChromiumOptions, 'tone'>,
  join: Omit<JoinOptions, 'name'>,
): Promise<readonly SelectedPair[]> {
  const browser = await ChromiumUser.start({ ...chromium, tone: BROWSER });
  const phone = await Baresip.start({ user: '60312345678', tone: PHONE });
  try {
    await joinRoom(browser, gateway, { ...join, name: 'Anna' });
    await phone.dial(gateway.sipUri(join.room));
    await browser.waitForTracks(1);
    await browser.clearRecording();
    await sleep(1000 * (JUDGED.fromSecond + JUDGED.seconds) + 500);

    const inBrowser = await browser.heard();
    const pairs = await browser.selectedPairs();
    phone.hangUp();
    await phone.closed();
    expect(faultsHeard(phone.heard(), { tones: [BROWSER], absent: [PHONE.hz], ...JUDGED })).toEqual([]);
    expect(faultsHeard(inBrowser, { tones: [PHONE], absent: [BROWSER.hz], ...JUDGED })).toEqual([]);
    expect(pairs.length).toBeGreaterThan(0);
    return pairs;
  } finally {
    await phone.stop();
    await browser.stop();
  }
}
