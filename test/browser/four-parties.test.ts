import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import { ChromiumUser } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import { Gateway } from '../support/gateway.ts';
import { faultsHeard } from '../support/hearing.ts';
import { joinRoom, speakingParticipants } from '../support/room-page.ts';

/** No tone is a harmonic of another, and the sum of any three does not clip. */
const TONES = {
  phoneA: { hz: 450, amplitude: 5000 },
  phoneB: { hz: 850, amplitude: 5000 },
  browserA: { hz: 1250, amplitude: 5000 },
  browserB: { hz: 1850, amplitude: 5000 },
};
type Party = keyof typeof TONES;
const JUDGED = { fromSecond: 1, seconds: 10 };
const ROOM = 'quartet';

let gateway: Gateway;
let phones: Baresip[];
let browsers: ChromiumUser[];

beforeAll(async () => {
  gateway = await Gateway.start();
  phones = [
    await Baresip.start({ user: '60311111111', tone: TONES.phoneA }),
    await Baresip.start({ user: '60322222222', tone: TONES.phoneB, codec: 'PCMU/8000/1' }),
  ];
  browsers = [
    await ChromiumUser.start({ tone: TONES.browserA, turnTransport: 'udp' }),
    await ChromiumUser.start({ tone: TONES.browserB }),
  ];
});

afterAll(async () => {
  for (const peer of [...(phones ?? []), ...(browsers ?? [])]) await peer.stop();
  await gateway?.stop();
});

test('two phones and two browsers hear exactly the other three, and phones show as speaking', async () => {
  const [phoneA, phoneB] = phones as [Baresip, Baresip];
  const [browserA, browserB] = browsers as [ChromiumUser, ChromiumUser];
  await joinRoom(browserA, gateway, { room: ROOM, name: 'Anna', path: 'relay' });
  await phoneA.dial(gateway.sipUri(ROOM));
  await joinRoom(browserB, gateway, { room: ROOM, name: 'Ben', path: 'any' });
  await browserA.waitForTracks(2);
  await phoneB.dial(gateway.sipUri(ROOM));
  for (const browser of [browserA, browserB]) await browser.waitForTracks(3);
  // Phone A was there first: what it heard before the last came is not judged.
  const early = phoneA.heard().samples.length / 8000;
  for (const browser of [browserA, browserB]) await browser.clearRecording();
  await sleep(1000 * (JUDGED.fromSecond + JUDGED.seconds) + 1500);

  const inBrowserA = await browserA.heard();
  const inBrowserB = await browserB.heard();
  await eventually('both phones show as speaking', 15_000, async () => {
    const speaking = await speakingParticipants(browserA.page);
    return ['60311111111', '60322222222'].every((number) => speaking.some((text) => text.includes(number)));
  });
  for (const phone of [phoneA, phoneB]) phone.hangUp();
  for (const phone of [phoneA, phoneB]) await phone.closed();

  expect(faultsHeard(inBrowserA, others('browserA')), 'browser A').toEqual([]);
  expect(faultsHeard(inBrowserB, others('browserB')), 'browser B').toEqual([]);
  expect(faultsHeard(phoneA.heard(), others('phoneA', early + 1)), 'phone A').toEqual([]);
  expect(faultsHeard(phoneB.heard(), others('phoneB')), 'phone B').toEqual([]);
});

function others(self: Party, fromSecond = JUDGED.fromSecond) {
  const tones = (Object.keys(TONES) as Party[])
    .filter((party) => party !== self)
    .map((party) => TONES[party]);
  return { tones, absent: [TONES[self].hz], fromSecond, seconds: JUDGED.seconds };
}
