import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ChromiumUser } from '../support/chromium.ts';
import { Gateway } from '../support/gateway.ts';
import { joinWithSdk, pageSays } from '../support/livekit-page.ts';

/** The video codecs that livekit-client can be told to publish in, from one Chromium to another. */
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

const pictureScript = `window.picture = async () => {
  const [publication] = [...room.remoteParticipants.values()].flatMap((one) => [...one.videoTrackPublications.values()]);
  const report = await publication?.videoTrack?.getRTCStatsReport();
  for (const entry of report?.values() ?? [])
    if (entry.type === 'inbound-rtp')
      return { frames: entry.framesDecoded ?? 0, codec: report.get(entry.codecId)?.mimeType ?? '' };
  return { frames: 0, codec: '' };
}; void 0`;

async function join(room: string, name: string): Promise<ChromiumUser> {
  const user = await ChromiumUser.start({ tone: { hz: 1000, amplitude: 8192 } });
  users.push(user);
  await joinWithSdk(user, gateway, { room, name });
  await user.page.evaluate(pictureScript);
  return user;
}

test.each(['vp8', 'vp9', 'h264'])(
  '%s is published, forwarded and seen',
  async (codec) => {
    const ada = await join(`codec-${codec}`, 'Ada');
    const bob = await join(`codec-${codec}`, 'Bob');
    const encodes = await ada.page.evaluate<boolean>(
      `RTCRtpSender.getCapabilities('video').codecs.some(({ mimeType }) => mimeType.toLowerCase() === 'video/${codec}')`,
    );
    // Browsers are built with and without H.264: what one does not offer, LiveKit's client replaces by VP8.
    const expected = encodes ? codec : 'vp8';
    if (!encodes) console.warn(`this Chromium does not encode ${codec}: VP8 is seen instead`);
    await ada.page.evaluate(
      `room.localParticipant.setCameraEnabled(true, {}, { videoCodec: '${codec}', backupCodec: false })`,
    );
    await pageSays(bob, 'frames', 'picture().then(({ frames }) => frames > 20)', 40_000);
    expect((await bob.page.evaluate<{ codec: string }>('picture()')).codec.toLowerCase()).toBe(
      `video/${expected}`,
    );
  },
  90_000,
);
