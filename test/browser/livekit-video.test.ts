import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ChromiumUser } from '../support/chromium.ts';
import { Gateway } from '../support/gateway.ts';
import { joinWithSdk, pageSays } from '../support/livekit-page.ts';

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

/** `window.picture()`: frames decoded of the one remote video, its size, and how often it froze. */
const pictureScript = `window.picture = async () => {
  const [publication] = [...room.remoteParticipants.values()].flatMap((one) => [...one.videoTrackPublications.values()]);
  const report = await publication?.videoTrack?.getRTCStatsReport();
  for (const entry of report?.values() ?? [])
    if (entry.type === 'inbound-rtp')
      return { frames: entry.framesDecoded ?? 0, height: entry.frameHeight ?? 0, freezes: entry.freezeCount ?? 0 };
  return { frames: 0, height: 0, freezes: 0 };
}; void 0`;

async function join(room: string, name: string, singlePeerConnection: boolean): Promise<ChromiumUser> {
  const user = await ChromiumUser.start({ tone: { hz: 1000, amplitude: 8192 } });
  users.push(user);
  await joinWithSdk(user, gateway, { room, name, singlePeerConnection });
  await user.page.evaluate(pictureScript);
  return user;
}

const sees = (user: ChromiumUser, what: string, condition: string) =>
  pageSays(user, what, `picture().then(({ frames, height }) => ${condition})`, 30_000);

const ask = (user: ChromiumUser, call: string) =>
  user.page.evaluate(
    `[...room.remoteParticipants.values()].flatMap((one) => [...one.videoTrackPublications.values()])[0].${call}`,
  );

describe.each([
  { way: 'one peer connection', single: true },
  { way: 'two peer connections', single: false },
])('over $way', ({ single }) => {
  test('two cameras see each other, and the size follows the track settings', async () => {
    const ada = await join(`video-${single}`, 'Ada', single);
    const bob = await join(`video-${single}`, 'Bob', single);
    await ada.page.evaluate('room.localParticipant.setCameraEnabled(true)');
    await bob.page.evaluate('room.localParticipant.setCameraEnabled(true)');
    await sees(ada, 'Ada sees Bob', 'frames > 30');
    await sees(bob, 'Bob sees Ada', 'frames > 30');
    // Another negotiation after simulcast was agreed on: Chromium refused it once.
    await ada.page.evaluate('room.localParticipant.setMicrophoneEnabled(true)');
    await bob.waitForTracks(1);

    await ask(bob, 'setVideoQuality(LivekitClient.VideoQuality.LOW)');
    await sees(bob, 'the smallest picture', 'height === 180');
    await ask(bob, 'setVideoDimensions({ width: 640, height: 360 })');
    await sees(bob, 'the middle picture', 'height === 360');
    const { frames } = await bob.page.evaluate<{ frames: number }>('picture()');
    await sees(bob, 'frames go on', `frames > ${frames + 20}`);

    await ask(bob, 'setEnabled(false)');
    await new Promise((resolve) => setTimeout(resolve, 500));
    const still = (await bob.page.evaluate<{ frames: number }>('picture()')).frames;
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect((await bob.page.evaluate<{ frames: number }>('picture()')).frames - still).toBeLessThan(3);
    await ask(bob, 'setEnabled(true)');
    await sees(bob, 'the picture is back', `frames > ${still + 20}`);
    expect(await ada.page.evaluate('said')).not.toContain('reconnecting');
  });
});
