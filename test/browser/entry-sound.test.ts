/** Browsers hear entry tones, in the track of the phone that comes or goes, and of nobody else. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import { ChromiumUser } from '../support/chromium.ts';
import { Gateway, writeConfiguration } from '../support/gateway.ts';
import { joinWithSdk, pageSays } from '../support/livekit-page.ts';
import { toneLevel } from '../support/tones.ts';
import type { Recording } from '../support/wav.ts';

const CONFIGURATION = `
trunks:
  - id: office
    allowed_addresses: [127.0.0.1]
    codecs: [PCMA, OPUS]
rules:
  - id: rooms
    callee: {}
    entry_sound: tone
`;

let gateway: Gateway;
let browser: ChromiumUser;

beforeAll(async () => {
  gateway = await Gateway.start({}, ['--config', writeConfiguration(CONFIGURATION)]);
  browser = await ChromiumUser.start({ tone: { hz: 1000, amplitude: 8192 } });
});

afterAll(async () => {
  await browser?.stop();
  await gateway?.stop();
});

/** The loudest 80 ms of a tone, dB of full scale. */
function loudest({ samples, sampleRate }: Recording, hz: number): number {
  const window = (80 * sampleRate) / 1000;
  let best = -120;
  for (let at = 0; at + window <= samples.length; at += window / 4)
    best = Math.max(best, toneLevel(samples.subarray(at, at + window), sampleRate, hz));
  return best;
}

test.each(['PCMA/8000/1', 'opus/48000/2'] as const)('a phone with %s comes and goes', async (codec) => {
  const room = `entry-${codec.slice(0, 4)}`;
  await joinWithSdk(browser, gateway, { room, name: 'Anna' });
  await browser.page.evaluate(`(() => {
    window.people = [];
    window.room.on('participantConnected', (one) => window.people.push('+' + one.kind));
    window.room.on('participantDisconnected', (one) => window.people.push('-' + one.kind));
    window.room.on('activeSpeakersChanged', (all) => { for (const one of all) window.people.push('!' + one.identity); });
  })()`);
  await browser.clearRecording();
  const phone = await Baresip.start({ user: '60312345678', tone: { hz: 440, amplitude: 0 }, codec });
  try {
    await phone.dial(gateway.sipUri(room));
    await browser.waitForTracks(1);
    await sleep(1500);
    const joining = await browser.heard();
    for (const hz of [660, 880]) expect(loudest(joining, hz), `join ${hz} Hz`).toBeGreaterThan(-26);
    await browser.clearRecording();
    phone.hangUp();
    await phone.closed();
    await browser.waitForTracks(0);
    await pageSays(browser, 'the phone has left', 'window.people.length === 2');
    const leaving = await browser.heard();
    for (const hz of [660, 880]) expect(loudest(leaving, hz), `leave ${hz} Hz`).toBeGreaterThan(-26);
    // One phone, of kind SIP: no stranger came to play it, and silence with a tone in it is no speaker.
    expect(await browser.page.evaluate('window.people.join(" ")')).toBe('+3 -3');
  } finally {
    await phone.stop();
  }
});
