import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import { ChromiumUser } from '../support/chromium.ts';
import { Gateway } from '../support/gateway.ts';
import { joinWithSdk, pageSays } from '../support/livekit-page.ts';
import { toneLevel } from '../support/tones.ts';

/** LiveKit's `setTrackSubscriptionPermissions`: a publisher says who may have its tracks, phones among them. */
const ADA = { hz: 1000, amplitude: 8192 };
/** Long enough to judge a tone by, after what is on its way has come. */
const LISTENED_MS = 3000;

let gateway: Gateway;
const users: ChromiumUser[] = [];

beforeAll(async () => {
  gateway = await Gateway.start();
});
afterEach(async () => {
  await Promise.all(users.splice(0).map((user) => user.stop()));
});
afterAll(async () => {
  await gateway?.stop();
});

async function join(name: string): Promise<ChromiumUser> {
  const user = await ChromiumUser.start({ tone: ADA });
  users.push(user);
  await joinWithSdk(user, gateway, { room: 'whisper', name });
  return user;
}

test('a browser and a phone hear a publisher as long as it lets them, and LiveKit’s client says so', async () => {
  const ada = await join('Ada');
  const bob = await join('Bob');
  const phone = await Baresip.start({ user: '60312345678', tone: { hz: 440, amplitude: 0 } });
  try {
    await phone.dial(gateway.sipUri('whisper'));
    await ada.page.evaluate('room.localParticipant.setMicrophoneEnabled(true)');
    // The phone has one too.
    await bob.waitForTracks(2);
    await bob.page.evaluate(`window.permissions = [];
      room.on('trackSubscriptionPermissionChanged', (_, status) => permissions.push(status));`);
    const answeredAt = Date.now();
    await sleep(LISTENED_MS);
    const keptAt = Date.now();
    await ada.page.evaluate('room.localParticipant.setTrackSubscriptionPermissions(false, [])');
    await bob.waitForTracks(1);
    await pageSays(bob, 'it is told that it may not', `permissions.at(-1) === 'not_allowed'`);
    await sleep(LISTENED_MS);
    const givenAt = Date.now();
    await ada.page.evaluate(`room.localParticipant.setTrackSubscriptionPermissions(false, [
      { participantIdentity: [...room.remoteParticipants.keys()].find((one) => one.startsWith('bob')), allowAll: true },
      { participantIdentity: 'sip_60312345678', allowAll: true },
    ])`);
    await bob.waitForTracks(2);
    await sleep(LISTENED_MS);
    const endedAt = Date.now();
    phone.hangUp();
    await phone.closed();
    const { sampleRate, samples } = phone.heard();
    /** How loud the tone was in the last two seconds before a moment. */
    const before = (at: number): number => {
      const end = samples.length - Math.round(((endedAt - at) / 1000) * sampleRate);
      return toneLevel(samples.subarray(end - 2 * sampleRate, end), sampleRate, ADA.hz);
    };
    expect(keptAt - answeredAt).toBeGreaterThanOrEqual(LISTENED_MS);
    expect(before(keptAt - 200), 'while all may').toBeGreaterThan(-25);
    expect(before(givenAt - 200), 'while nobody may').toBeLessThan(-50);
    expect(before(endedAt - 200), 'when it may again').toBeGreaterThan(-25);
  } finally {
    await phone.stop();
  }
});
