import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import { ChromiumUser } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import { Gateway } from '../support/gateway.ts';
import { faultsHeard } from '../support/hearing.ts';
import { afterAllIsOver, leftOver } from '../support/left-over.ts';
import { joinRoom } from '../support/room-page.ts';
import { rmsLevel } from '../support/tones.ts';
import { WebPhone } from '../support/web-phone.ts';

/** The third way in: SIP over WebSocket (RFC 7118) with a browser's media, by sip.js, which registers nowhere. */
const PHONE = { hz: 440, amplitude: 8192 };
const WEB = { hz: 1000, amplitude: 8192 };
const BROWSER = { hz: 700, amplitude: 8192 };
const GOOD = { user: 'alice', password: 'a-good-password' };
const JUDGED = { fromSecond: 1, seconds: 6 };
const TRUNKS = [
  { id: 'near', allowed_addresses: ['127.0.0.0/8'] },
  {
    ...{ id: 'web', allowed_addresses: ['0.0.0.0/0'], transports: ['ws'] },
    ...{ auth_username: GOOD.user, auth_password: GOOD.password },
  },
];
const RULES = [{ id: 'any', callee: { room_prefix: '' } }];

let gateway: Gateway;

beforeAll(async () => {
  gateway = await Gateway.start({
    TRUNKROOM_TRUNKS: JSON.stringify(TRUNKS),
    TRUNKROOM_RULES: JSON.stringify(RULES),
    TRUNKROOM_ROOM_DEPARTURE_TIMEOUT: '1s',
  });
});

afterAll(async () => {
  await gateway?.stop();
});

async function count(name: string): Promise<number> {
  return (await gateway.metrics()).value(name) ?? 0;
}

test('a web phone and a telephone hear each other; keys, hold, a new connection, and the end', async () => {
  const before = leftOver(await gateway.metrics());
  const phone = await Baresip.start({ user: '60312345678', tone: PHONE });
  const web = await WebPhone.start(gateway, WEB);
  try {
    await web.dial(gateway, 'lobby', GOOD);
    await web.waitFor('Established');
    await phone.dial(gateway.sipUri('lobby'));
    await web.user.waitForTracks(1);
    await web.clearRecording();
    await sleep(1000 * (JUDGED.fromSecond + JUDGED.seconds) + 500);
    const inWeb = await web.heard();
    expect(faultsHeard(inWeb, { tones: [PHONE], absent: [WEB.hz], ...JUDGED }), 'the web phone').toEqual([]);
    expect(await web.user.selectedPairs()).toMatchObject([{ remotePort: gateway.ports.iceUdp }]);

    const keys = await count('trunkroom_dtmf_total');
    expect(await web.press('5#')).toBe(true);
    await eventually(
      'both keys are told',
      15_000,
      async () => (await count('trunkroom_dtmf_total')) === keys + 2,
    );

    await web.hold('hold');
    await sleep(500);
    await web.clearRecording();
    await sleep(1000);
    const onHold = await web.heard();
    expect(rmsLevel(onHold.samples), 'what a phone on hold hears, dB').toBeLessThan(-60);
    // Its connection breaks while it holds: the call goes on over another one.
    await web.reconnect();
    await web.hold('resume');
    await sleep(500);
    await web.clearRecording();
    await sleep(2500);
    const resumed = await web.heard();
    expect(faultsHeard(resumed, { tones: [PHONE], absent: [WEB.hz], fromSecond: 0.3, seconds: 2 })).toEqual(
      [],
    );

    phone.hangUp();
    await phone.closed();
    const inPhone = phone.heard();
    const judged = { fromSecond: 1, seconds: 5 };
    expect(faultsHeard(inPhone, { tones: [WEB], absent: [PHONE.hz], ...judged }), 'the telephone').toEqual(
      [],
    );
    await web.hangUp();
    await web.waitFor('Terminated');
    await web.stop();
    expect(await afterAllIsOver(gateway, before)).toEqual(before);
  } finally {
    await phone.stop();
    await web.stop();
  }
});

test('a web phone and a browser hear each other', async () => {
  const browser = await ChromiumUser.start({ tone: BROWSER });
  const web = await WebPhone.start(gateway, WEB);
  try {
    await joinRoom(browser, gateway, { room: 'both', name: 'Anna', path: 'any' });
    await web.dial(gateway, 'both', GOOD);
    await web.waitFor('Established');
    await browser.waitForTracks(1);
    await web.user.waitForTracks(1);
    await browser.clearRecording();
    await web.clearRecording();
    await sleep(1000 * (JUDGED.fromSecond + JUDGED.seconds) + 500);
    const inBrowser = await browser.heard();
    const inWeb = await web.heard();
    expect(faultsHeard(inBrowser, { tones: [WEB], absent: [BROWSER.hz], ...JUDGED }), 'Anna').toEqual([]);
    expect(faultsHeard(inWeb, { tones: [BROWSER], absent: [WEB.hz], ...JUDGED }), 'the phone').toEqual([]);
    await web.hangUp();
    await browser.waitForTracks(0);
  } finally {
    await web.stop();
    await browser.stop();
  }
});

test.each(['late', 'camera', 'waits'] as const)('an INVITE that offers: %s', async (offers) => {
  const phone = await Baresip.start({ user: '60312345678', tone: PHONE });
  const web = await WebPhone.start(gateway, WEB);
  try {
    await web.dial(gateway, offers, { ...GOOD, offers });
    await web.waitFor('Established');
    await phone.dial(gateway.sipUri(offers));
    await web.user.waitForTracks(1);
    await web.clearRecording();
    await sleep(4500);
    const judged = { fromSecond: 1, seconds: 3 };
    const inWeb = await web.heard();
    expect(faultsHeard(inWeb, { tones: [PHONE], absent: [WEB.hz], ...judged }), 'the web phone').toEqual([]);
    await web.hangUp();
    phone.hangUp();
    await phone.closed();
    const inPhone = phone.heard();
    expect(faultsHeard(inPhone, { tones: [WEB], absent: [PHONE.hz], ...judged }), 'the telephone').toEqual(
      [],
    );
  } finally {
    await web.stop();
    await phone.stop();
  }
});

test('the gateway hangs up over the WebSocket when its room is closed by a shutdown', async () => {
  const own = await Gateway.start({
    TRUNKROOM_TRUNKS: JSON.stringify(TRUNKS),
    TRUNKROOM_RULES: JSON.stringify(RULES),
  });
  const web = await WebPhone.start(own, WEB);
  try {
    await web.dial(own, 'lobby', GOOD);
    await web.waitFor('Established');
    await own.stop();
    await web.waitFor('Terminated', 5000);
  } finally {
    await web.stop();
    await own.stop();
  }
});

test('a wrong password gets a challenge, and no word more', async () => {
  const web = await WebPhone.start(gateway, WEB);
  try {
    await web.dial(gateway, 'lobby', { user: GOOD.user, password: 'a-bad-password' });
    await web.waitFor('refused 401');
    expect(await web.said()).not.toContain('Established');
    const statuses = web.user.log.join('\n').match(/SIP\/2\.0 \d+/g);
    expect(new Set(statuses)).toEqual(new Set(['SIP/2.0 401']));
  } finally {
    await web.stop();
  }
});
