import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ChromiumUser } from '../support/chromium.ts';
import { Gateway } from '../support/gateway.ts';
import { joinWithSdk, pageSays } from '../support/livekit-page.ts';
import { repositoryRoot } from '../support/root.ts';
import { askOfVideo, picture, seesVideo, watchVideo } from '../support/video-page.ts';

/** Cameras of livekit-client with its defaults: VP8 in several sizes at once. */
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

async function join(
  room: string,
  name: string,
  singlePeerConnection: boolean,
  roomOptions = '',
): Promise<ChromiumUser> {
  const user = await ChromiumUser.start({ tone: { hz: 1000, amplitude: 8192 } });
  users.push(user);
  await joinWithSdk(user, gateway, { room, name, singlePeerConnection, roomOptions });
  await watchVideo(user);
  return user;
}

describe.each([
  { way: 'one peer connection', single: true },
  { way: 'two peer connections', single: false },
])('over $way', ({ single }) => {
  test('two cameras see each other, and the size follows the track settings', async () => {
    const ada = await join(`video-${single}`, 'Ada', single);
    const bob = await join(`video-${single}`, 'Bob', single);
    await ada.page.evaluate('room.localParticipant.setCameraEnabled(true)');
    await bob.page.evaluate('room.localParticipant.setCameraEnabled(true)');
    await seesVideo(ada, 'Ada sees Bob', 'frames > 30');
    await seesVideo(bob, 'Bob sees Ada', 'frames > 30');
    // Another negotiation after simulcast was agreed on: Chromium refused it once.
    await ada.page.evaluate('room.localParticipant.setMicrophoneEnabled(true)');
    await bob.waitForTracks(1);

    await askOfVideo(bob, 'setVideoQuality(LivekitClient.VideoQuality.LOW)');
    await seesVideo(bob, 'the smallest picture', 'height === 180');
    await askOfVideo(bob, 'setVideoDimensions({ width: 640, height: 360 })');
    await seesVideo(bob, 'the middle picture', 'height === 360');
    const { frames } = await picture(bob);
    await seesVideo(bob, 'frames go on', `frames > ${frames + 20}`);

    await askOfVideo(bob, 'setEnabled(false)');
    await new Promise((resolve) => setTimeout(resolve, 500));
    const still = (await picture(bob)).frames;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect((await picture(bob)).frames - still).toBeLessThan(3);
    await askOfVideo(bob, 'setEnabled(true)');
    await seesVideo(bob, 'the picture is back', `frames > ${still + 20}`);
    expect(await ada.page.evaluate('said')).not.toContain('reconnecting');
  });
});

/** LiveKit's worker that encrypts and decrypts, and a key that everybody has. */
const encrypting = `, e2ee: {
  keyProvider: (window.keys = new LivekitClient.ExternalE2EEKeyProvider()),
  worker: new Worker(URL.createObjectURL(new Blob([${JSON.stringify(
    readFileSync(`${repositoryRoot}node_modules/livekit-client/dist/livekit-client.e2ee.worker.js`, 'utf8'),
  )}], { type: 'text/javascript' }))),
}`;

test('encrypted from end to end, sizes change as in the clear: key frames are known by what is not encrypted', async () => {
  const [ada, bob] = (await Promise.all(
    ['Ada', 'Bob'].map(async (name) => {
      const user = await join('secret', name, true, encrypting);
      await user.page.evaluate(`keys.setKey('key').then(() => room.setE2EEEnabled(true))`);
      return user;
    }),
  )) as [ChromiumUser, ChromiumUser];
  for (const codec of ['vp8', 'h264', 'vp9']) {
    await ada.page.evaluate(
      `room.localParticipant.setCameraEnabled(true, {}, { videoCodec: '${codec}', backupCodec: false })`,
    );
    await seesVideo(bob, `${codec}, decrypted`, 'frames > 20 && height === 720');
    expect((await picture(bob)).codec).toBe(`video/${codec}`);
    expect(await bob.page.evaluate('remoteVideo().trackInfo.encryption')).toBe(1);
    await askOfVideo(bob, 'setVideoQuality(LivekitClient.VideoQuality.LOW)');
    await seesVideo(bob, `the smallest picture of ${codec}`, 'height === 180');
    await askOfVideo(bob, 'setVideoQuality(LivekitClient.VideoQuality.HIGH)');
    await seesVideo(bob, `the largest picture of ${codec} again`, 'height === 720');
    await ada.page.evaluate(
      'room.localParticipant.unpublishTrack([...room.localParticipant.videoTrackPublications.values()][0].track)',
    );
    await pageSays(bob, 'it is gone', 'remoteVideo() === undefined');
  }
});
