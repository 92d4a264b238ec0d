import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ChromiumUser } from '../support/chromium.ts';
import { Gateway } from '../support/gateway.ts';
import { joinWithSdk, pageSays } from '../support/livekit-page.ts';

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
}, 60_000);
afterEach(async () => {
  await ada.page.evaluate(
    'Promise.all([...room.localParticipant.videoTrackPublications.values()].map(({ track }) => room.localParticipant.unpublishTrack(track)))',
  );
  for (const { user } of watchers) await sees(user, 'it is gone', 'frames === 0');
});
afterAll(async () => {
  await Promise.all([ada, ...watchers.map(({ user }) => user)].map((user) => user?.stop()));
  await gateway?.stop();
});

interface Picture {
  readonly frames: number;
  readonly height: number;
  readonly perSecond: number;
  readonly codec: string;
}

const pictureScript = `window.picture = async () => {
  const [publication] = [...room.remoteParticipants.values()].flatMap((one) => [...one.videoTrackPublications.values()]);
  const report = await publication?.videoTrack?.getRTCStatsReport();
  for (const entry of report?.values() ?? [])
    if (entry.type === 'inbound-rtp')
      return {
        frames: entry.framesDecoded ?? 0,
        height: entry.frameHeight ?? 0,
        perSecond: entry.framesPerSecond ?? 0,
        codec: (report.get(entry.codecId)?.mimeType ?? '').toLowerCase(),
      };
  return { frames: 0, height: 0, perSecond: 0, codec: '' };
}; void 0`;

async function join(name: string, singlePeerConnection: boolean): Promise<ChromiumUser> {
  const user = await ChromiumUser.start({ tone: { hz: 1000, amplitude: 8192 } });
  await joinWithSdk(user, gateway, { room: 'codecs', name, singlePeerConnection });
  await user.page.evaluate(pictureScript);
  return user;
}

const sees = (user: ChromiumUser, what: string, condition: string) =>
  pageSays(user, what, `picture().then(({ frames, height, perSecond }) => ${condition})`, 30_000);

const ask = (user: ChromiumUser, call: string) =>
  user.page.evaluate(
    `[...room.remoteParticipants.values()].flatMap((one) => [...one.videoTrackPublications.values()])[0].${call}`,
  );

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
      await sees(user, `frames over ${way}`, 'frames > 20 && height === 720');
      expect((await user.page.evaluate<Picture>('picture()')).codec).toBe(`video/${expected}`);
    }
    for (const { user, way } of watchers) {
      await ask(user, 'setVideoQuality(LivekitClient.VideoQuality.LOW)');
      await sees(user, `the smallest picture over ${way}`, 'height === 180');
      const { frames } = await user.page.evaluate<Picture>('picture()');
      await sees(user, 'frames go on', `frames > ${frames + 20}`);
    }
    const [{ user }] = watchers as [(typeof watchers)[0]];
    await ask(user, 'setVideoDimensions({ width: 640, height: 360 })');
    await sees(user, 'the middle picture', 'height === 360');
    await ask(user, 'setVideoQuality(LivekitClient.VideoQuality.HIGH)');
    await sees(user, 'the largest picture', 'height === 720');
    if (codec === 'vp9' || codec === 'av1') {
      await ask(user, 'setVideoFPS(8)');
      await sees(user, 'fewer frames', 'perSecond > 0 && perSecond < 12');
      await ask(user, 'setVideoFPS(30)');
      await sees(user, 'all frames', 'perSecond > 15');
    }
    expect((await watchers[1]!.user.page.evaluate<Picture>('picture()')).height, 'the other one').toBe(180);
  }, 120_000);
});
