import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ChromiumUser } from '../support/chromium.ts';
import { Gateway } from '../support/gateway.ts';
import { joinWithSdk, pageSays } from '../support/livekit-page.ts';
import { RawPhone } from '../support/raw-phone.ts';

/** livekit-client is told how well a phone is connected. */
let gateway: Gateway;
let user: ChromiumUser | undefined;
let phone: RawPhone | undefined;

beforeAll(async () => {
  gateway = await Gateway.start();
});
afterEach(async () => {
  phone?.close();
  await user?.stop();
});
afterAll(async () => {
  await gateway?.stop();
});

test('a phone on a bad line shows as such, and again as good when the line is', async () => {
  user = await ChromiumUser.start({ tone: { hz: 1000, amplitude: 8192 } });
  await joinWithSdk(user, gateway, { room: 'bad-line', name: 'Ada' });
  await user.page.evaluate(`void (window.told = [],
    room.on('connectionQualityChanged', (quality, participant) => {
      if (participant !== room.localParticipant) told.push(quality);
    }))`);
  phone = await RawPhone.call(gateway.ports.sip, 'bad-line', { hz: 440, amplitude: 8192 });
  await pageSays(user, 'the phone is well connected', "told.at(-1) === 'excellent'");
  phone.loses = 0.3;
  await pageSays(user, 'its line is bad', "told.at(-1) === 'poor'");
  phone.loses = 0;
  await pageSays(user, 'its line is good again', "told.at(-1) === 'excellent'");
  expect(await user.page.evaluate('room.remoteParticipants.size')).toBe(1);
  await phone.hangUp();
});
