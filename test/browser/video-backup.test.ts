import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ChromiumUser } from '../support/chromium.ts';
import { Gateway } from '../support/gateway.ts';
import { joinWithSdk, pageSays } from '../support/livekit-page.ts';
import { askOfVideo, picture, seesVideo, watchVideo } from '../support/video-page.ts';

/** A camera in VP9 with LiveKit's backup codec, seen by one who takes everything (Bob) and one whose browser has no VP9 (Cleo). */
let gateway: Gateway;
let ada: ChromiumUser;
let bob: ChromiumUser;
let cleo: ChromiumUser;

/** A browser that has VP8 and H.264 alone, as far as descriptions say. */
const oldBrowser = `for (const name of ['createOffer', 'createAnswer']) {
  const original = RTCPeerConnection.prototype[name];
  RTCPeerConnection.prototype[name] = function (...args) {
    const codecs = RTCRtpReceiver.getCapabilities('video').codecs.filter(({ mimeType }) => !/vp9|av1|h265/i.test(mimeType));
    for (const transceiver of this.getTransceivers())
      if (transceiver.receiver.track.kind === 'video' && !transceiver.stopped) transceiver.setCodecPreferences(codecs);
    return original.apply(this, args);
  };
}`;

/** What Ada makes: frames of each codec so far. */
const made = `[...room.localParticipant.videoTrackPublications.values()].map(async ({ track }) => {
  const senders = [track.sender, ...[...track.simulcastCodecs.values()].map(({ sender }) => sender)].filter(Boolean);
  const rows = [];
  for (const sender of senders)
    for (const entry of (await sender.getStats()).values())
      if (entry.type === 'outbound-rtp') rows.push([entry.active, entry.framesPerSecond ?? 0, entry.codecId]);
  return rows;
})`;

beforeAll(async () => {
  gateway = await Gateway.start();
  [ada, bob, cleo] = (await Promise.all(
    Array.from({ length: 3 }, () => ChromiumUser.start({ tone: { hz: 1000, amplitude: 8192 } })),
  )) as [ChromiumUser, ChromiumUser, ChromiumUser];
  await cleo.page.addInitScript({ content: oldBrowser });
});
afterEach(async () => {
  await Promise.all([ada, bob, cleo].map(({ page }) => page.evaluate('room.disconnect()')));
});
afterAll(async () => {
  await Promise.all([ada, bob, cleo].map((user) => user?.stop()));
  await gateway?.stop();
});

async function join(user: ChromiumUser, name: string, room: string, singlePeerConnection: boolean) {
  await joinWithSdk(user, gateway, { room, name, singlePeerConnection });
  await watchVideo(user);
}

const publish = (policy: string) =>
  ada.page.evaluate(
    `room.localParticipant.setCameraEnabled(true, {}, { videoCodec: 'vp9', backupCodec: true, backupCodecPolicy: LivekitClient.BackupCodecPolicy.${policy} })`,
  );

test('the backup replaces the first codec: everybody sees VP8, without a new subscription, and VP9 is made no more', async () => {
  await join(ada, 'Ada', 'regress', true);
  await join(bob, 'Bob', 'regress', true);
  await publish('PREFER_REGRESSION');
  // Of whatever size: on a busy machine the encoder takes a smaller one, and codecs are what is judged here.
  await seesVideo(bob, 'the picture', 'frames > 20');
  expect((await picture(bob)).codec).toBe('video/vp9');
  await bob.page.evaluate(`window.fresh = 0; room.on('trackSubscribed', () => window.fresh++)`);

  await join(cleo, 'Cleo', 'regress', true);
  await seesVideo(cleo, 'the backup', 'frames > 20');
  expect((await picture(cleo)).codec).toBe('video/vp8');
  await pageSays(
    bob,
    'VP8',
    `picture().then(({ codec, perSecond }) => codec === 'video/vp8' && perSecond > 5)`,
    30_000,
  );
  expect(await bob.page.evaluate('fresh')).toBe(0);
  for (const user of [bob, cleo]) {
    await askOfVideo(user, 'setVideoQuality(LivekitClient.VideoQuality.LOW)');
    await seesVideo(user, 'the smallest picture', 'height === 180');
  }
  await pageSays(
    ada,
    'nothing in VP9',
    `Promise.all(${made}).then(([rows]) => !rows[0][0] && rows.some(([active]) => active))`,
    30_000,
  );
});

test('with both at once each sees the best that it can, over two peer connections, too', async () => {
  await join(ada, 'Ada', 'both', false);
  await join(bob, 'Bob', 'both', false);
  await join(cleo, 'Cleo', 'both', false);
  await publish('SIMULCAST');
  await seesVideo(bob, 'the picture', 'frames > 20');
  await seesVideo(cleo, 'the backup', 'frames > 20');
  expect((await picture(bob)).codec).toBe('video/vp9');
  expect((await picture(cleo)).codec).toBe('video/vp8');
  await ada.page.evaluate('room.localParticipant.setCameraEnabled(false)');
  const { frames } = await picture(cleo);
  await ada.page.evaluate('room.localParticipant.setCameraEnabled(true)');
  await seesVideo(cleo, 'frames go on after a pause', `frames > ${frames + 20}`);
});
