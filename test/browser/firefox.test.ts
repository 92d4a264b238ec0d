import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import { ChromiumUser } from '../support/chromium.ts';
import { joinFirefox } from '../support/firefox.ts';
import { Gateway } from '../support/gateway.ts';
import { faultsHeard } from '../support/hearing.ts';
import { joinWithSdk, pageSays } from '../support/livekit-page.ts';
import { roomToken } from '../support/rtc-user.ts';

/** livekit-client in Debian's Firefox, with a phone and with Chromium. */
const PHONE = { hz: 440, amplitude: 8192 };
const CHROMIUM = { hz: 650, amplitude: 8192 };
/** Its own fake microphone, at -20 dB. */
const FIREFOX_HZ = 1000;

/** Debian's Firefox decodes both, and needs no backup. */
const withoutVp9 = {
  'media.peerconnection.video.vp9_enabled': false,
  'media.webrtc.codec.video.av1.enabled': false,
};

let gateway: Gateway;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  gateway = await Gateway.start();
});
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});
afterAll(async () => {
  await gateway?.stop();
});

test.each([
  { way: 'one peer connection', single: true },
  { way: 'two peer connections', single: false },
])('Firefox and a phone hear each other over $way', async ({ single }) => {
  const room = `firefox-${single}`;
  const token = await roomToken(room, 'fox');
  const fox = await joinFirefox(gateway, { token, singlePeerConnection: single });
  closing.push(() => fox.stop());
  await fox.evaluate('say()');
  const phone = await Baresip.start({ user: '60312345678', tone: PHONE });
  closing.push(() => phone.stop());
  await phone.dial(gateway.sipUri(room));
  await fox.says('it has the phone', "'sip_60312345678' in heard");
  const heard = await fox.hear('sip_60312345678', 5000);
  const speaking = await fox.evaluate('room.remoteParticipants.get("sip_60312345678").isSpeaking');
  phone.hangUp();
  await phone.closed();
  await fox.says('the phone is gone', 'room.remoteParticipants.size === 0');
  expect(
    faultsHeard(heard, { tones: [PHONE], absent: [FIREFOX_HZ], fromSecond: 1, seconds: 2.5 }),
    'Firefox',
  ).toEqual([]);
  expect(speaking).toBe(true);
  const tones = [{ hz: FIREFOX_HZ, amplitude: 3277 }];
  expect(
    faultsHeard(phone.heard(), { tones, absent: [PHONE.hz], fromSecond: 1.5, seconds: 2 }),
    'the phone',
  ).toEqual([]);
});

test('Firefox and Chromium see and hear each other, send each other data, and a camera in VP9 comes as its backup', async () => {
  const token = await roomToken('browsers', 'fox');
  const fox = await joinFirefox(gateway, { token, singlePeerConnection: true, preferences: withoutVp9 });
  closing.push(() => fox.stop());
  const chromium = await ChromiumUser.start({ tone: CHROMIUM });
  closing.push(() => chromium.stop());
  await joinWithSdk(chromium, gateway, { room: 'browsers', name: 'Chris' });
  await chromium.page.evaluate('room.localParticipant.enableCameraAndMicrophone()');
  await fox.evaluate('say()');
  await fox.evaluate('show()');
  await chromium.waitForTracks(1);
  const sees = "[...document.querySelectorAll('video')].some((video) => video.videoWidth > 0)";
  await pageSays(chromium, 'Chromium sees Firefox', sees);
  await fox.says('Firefox sees Chromium', sees);
  const identity: string = await chromium.page.evaluate('room.localParticipant.identity');
  await fox.says('Firefox has Chromium’s sound', `${JSON.stringify(identity)} in heard`);
  const heard = await fox.hear(identity, 4000);
  expect(
    faultsHeard(heard, { tones: [CHROMIUM], absent: [FIREFOX_HZ], fromSecond: 1, seconds: 1.5 }),
  ).toEqual([]);
  await fox.run("room.on('dataReceived', (bytes) => { said.push(new TextDecoder().decode(bytes)); })");
  await chromium.page.evaluate(
    "room.localParticipant.publishData(new TextEncoder().encode('hello'), { reliable: true })",
  );
  await fox.says('data came', "said.includes('hello')");

  await chromium.page.evaluate(`(() => {
    for (const { track } of room.localParticipant.audioTrackPublications.values()) track.handleKrispNoiseFilterEnable();
  })()`);
  await fox.says(
    'what Chromium does to its sound',
    `[...room.remoteParticipants.get(${JSON.stringify(identity)}).audioTrackPublications.values()].some(({ trackInfo }) => trackInfo.audioFeatures.includes(5))`,
  );

  await chromium.page.evaluate(`(async () => {
    await room.localParticipant.setCameraEnabled(false);
    for (const { track } of room.localParticipant.videoTrackPublications.values()) await room.localParticipant.unpublishTrack(track);
    await room.localParticipant.setCameraEnabled(true, {}, { videoCodec: 'vp9', backupCodec: true });
  })()`);
  await fox.says('the backup', `decoded().then(({ codec, frames }) => codec === 'video/VP8' && frames > 20)`);
});
