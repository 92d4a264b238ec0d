import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ChromiumUser } from '../support/chromium.ts';
import { Gateway } from '../support/gateway.ts';
import { joinWithSdk } from '../support/livekit-page.ts';
import { askOfVideo, picture, seesVideo, watchVideo } from '../support/video-page.ts';

/**
 * The video codecs that livekit-client can be told to publish in, from one Chromium to another: VP8 and H.264 in streams of
 * their own (simulcast), VP9 and AV1 with all sizes in one stream (SVC, `L3T3_KEY`), which is what the client does by itself.
 */
let gateway: Gateway;
let ada: ChromiumUser;
const watchers: { readonly way: string; readonly user: ChromiumUser }[] = [];

beforeAll(async () => {
  gateway = await Gateway.start();
  ada = await join('Ada', true);
  watchers.push({ way: 'one peer connection', user: await join('Bob', true) });
  watchers.push({ way: 'two peer connections', user: await join('Cleo', false) });
});
afterEach(async () => {
  await ada.page.evaluate(
    'Promise.all([...room.localParticipant.videoTrackPublications.values()].map(({ track }) => room.localParticipant.unpublishTrack(track)))',
  );
  for (const { user } of watchers) await seesVideo(user, 'it is gone', 'frames === 0');
});
afterAll(async () => {
  await Promise.all([ada, ...watchers.map(({ user }) => user)].map((user) => user?.stop()));
  await gateway?.stop();
});

async function join(name: string, singlePeerConnection: boolean): Promise<ChromiumUser> {
  const user = await ChromiumUser.start({ tone: { hz: 1000, amplitude: 8192 } });
  await joinWithSdk(user, gateway, { room: 'codecs', name, singlePeerConnection });
  await watchVideo(user);
  return user;
}

describe.each(['vp8', 'vp9', 'h264', 'av1'])('%s', (codec) => {
  test('is published, forwarded and seen, in the size and rate that each asks for', async () => {
    const encodes = await ada.page.evaluate<boolean>(
      `RTCRtpSender.getCapabilities('video').codecs.some(({ mimeType }) => mimeType.toLowerCase() === 'video/${codec}')`,
    );
    // Browsers are built with and without H.264: what one does not offer, LiveKit's client replaces by VP8.
    const expected = encodes ? codec : 'vp8';
    if (!encodes) console.warn(`this Chromium does not encode ${codec}: VP8 is seen instead`);
    await ada.page.evaluate(`room.localParticipant.setCameraEnabled(true, {}, { videoCodec: '${codec}' })`);
    for (const { user, way } of watchers) {
      await seesVideo(user, `frames over ${way}`, 'frames > 20 && height === 720');
      expect((await picture(user)).codec).toBe(`video/${expected}`);
    }
    for (const { user, way } of watchers) {
      await askOfVideo(user, 'setVideoQuality(LivekitClient.VideoQuality.LOW)');
      await seesVideo(user, `the smallest picture over ${way}`, 'height === 180');
      const { frames } = await picture(user);
      await seesVideo(user, 'frames go on', `frames > ${frames + 20}`);
    }
    const [{ user }] = watchers as [(typeof watchers)[0]];
    await askOfVideo(user, 'setVideoDimensions({ width: 640, height: 360 })');
    await seesVideo(user, 'the middle picture', 'height === 360');
    await askOfVideo(user, 'setVideoQuality(LivekitClient.VideoQuality.HIGH)');
    await seesVideo(user, 'the largest picture', 'height === 720');
    if (codec === 'vp9' || codec === 'av1') {
      await askOfVideo(user, 'setVideoFPS(8)');
      await seesVideo(user, 'fewer frames', 'perSecond > 0 && perSecond < 12');
      await askOfVideo(user, 'setVideoFPS(30)');
      await seesVideo(user, 'all frames', 'perSecond > 15');
    }
    expect((await picture(watchers[1]!.user)).height, 'the other one').toBe(180);
  });
});

/** Sizes of VP9 and AV1 in streams of their own, as clients that are not LiveKit's send them: livekit-client is made to. */
describe.each(['av1', 'vp9'])('%s, three sizes in streams of their own', (codec) => {
  test('are switched as those of VP8 are', async () => {
    await ada.page.evaluate(`window.addTransceiver ??= RTCPeerConnection.prototype.addTransceiver;
      RTCPeerConnection.prototype.addTransceiver = function (track, init) {
        if (init?.sendEncodings?.[0]?.scalabilityMode === 'L3T3_KEY')
          init.sendEncodings = [4, 2, 1].map((scaleResolutionDownBy, i) =>
            ({ rid: 'qhf'[i], scaleResolutionDownBy, scalabilityMode: 'L1T2', maxBitrate: 1_200_000 / scaleResolutionDownBy }));
        return addTransceiver.call(this, track, init);
      }; void 0`);
    try {
      await ada.page.evaluate(
        `room.localParticipant.setCameraEnabled(true, {}, { videoCodec: '${codec}', backupCodec: false })`,
      );
      for (const { user, way } of watchers) {
        await seesVideo(user, `the largest picture over ${way}`, 'frames > 20 && height === 720');
        expect((await picture(user)).codec).toBe(`video/${codec}`);
      }
      const [{ user: bob }, { user: cleo }] = watchers as [(typeof watchers)[0], (typeof watchers)[0]];
      for (const [quality, height] of [
        ['LOW', 180],
        ['HIGH', 720],
        ['MEDIUM', 360],
        ['LOW', 180],
        ['HIGH', 720],
      ] as const) {
        await askOfVideo(bob, `setVideoQuality(LivekitClient.VideoQuality.${quality})`);
        await seesVideo(bob, `${quality}`, `height === ${height}`);
        const { frames } = await picture(bob);
        await seesVideo(bob, 'frames go on', `frames > ${frames + 10}`);
      }
      expect((await picture(cleo)).height, 'the other one').toBe(720);
    } finally {
      await ada.page.evaluate('RTCPeerConnection.prototype.addTransceiver = addTransceiver; void 0');
    }
  });
});
