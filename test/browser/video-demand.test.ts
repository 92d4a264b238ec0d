import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChromiumUser } from '../support/chromium.ts';
import { type FirefoxUser, joinFirefox } from '../support/firefox.ts';
import { Gateway } from '../support/gateway.ts';
import { joinWithSdk, pageSays } from '../support/livekit-page.ts';
import { roomToken } from '../support/rtc-user.ts';
import { picture, seesVideo, watchVideo } from '../support/video-page.ts';

/**
 * What a publisher need not make: livekit-client with `dynacast` on one end, with `adaptiveStream` on the other, by the
 * publisher's own statistics. And Firefox, which sends its sizes in another way than Chromium.
 */
let gateway: Gateway;
let ada: ChromiumUser;
let bob: ChromiumUser;
let fox: FirefoxUser | undefined;

/** `window.made()`: the heights that the publisher made in the last second, smallest first. */
const script = `
window.made = async () => {
  const [publication] = [...room.localParticipant.videoTrackPublications.values()];
  const frames = async () => {
    const report = await publication?.track?.sender?.getStats();
    return new Map([...(report?.values() ?? [])].filter(({ type }) => type === 'outbound-rtp')
      .map(({ framesEncoded = 0, frameHeight, rid }) => [rid ?? '', { framesEncoded, frameHeight }]));
  };
  const before = await frames();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return [...(await frames())]
    .filter(([rid, { framesEncoded }]) => framesEncoded > (before.get(rid)?.framesEncoded ?? 0) + 2)
    .map(([, { frameHeight }]) => frameHeight).sort((a, b) => a - b).join(' ');
};
window.shows = () => {
  for (const one of document.querySelectorAll('video')) if (one.srcObject?.active !== true) one.remove();
  return document.querySelectorAll('video').length === 1;
};
window.unpublish = async () => {
  for (const { track } of room.localParticipant.videoTrackPublications.values()) await room.localParticipant.unpublishTrack(track);
};
window.frame = (width, height) => {
  const [video] = document.querySelectorAll('video');
  Object.assign(video.style, { position: 'fixed', top: '0', left: '0', width: width + 'px', height: height + 'px',
    display: width === 0 ? 'none' : 'block' });
};
void 0`;

beforeAll(async () => {
  gateway = await Gateway.start();
  ada = await join('Ada', ', dynacast: true');
  bob = await join('Bob', ', adaptiveStream: { pixelDensity: 1 }');
});
afterAll(async () => {
  await Promise.all([ada?.stop(), bob?.stop(), fox?.stop()]);
  await gateway?.stop();
});

async function join(name: string, roomOptions: string): Promise<ChromiumUser> {
  const user = await ChromiumUser.start({ tone: { hz: 1000, amplitude: 8192 } });
  await joinWithSdk(user, gateway, { room: 'demand', name, roomOptions });
  await user.page.setViewportSize({ width: 1400, height: 900 });
  await user.page.evaluate(script);
  await watchVideo(user);
  return user;
}

const makes = (what: string, heights: string) =>
  pageSays(ada, what, `made().then((made) => made === '${heights}')`, 30_000);
const sees = (what: string, condition: string) => seesVideo(bob, what, condition);
const frame = (width: number, height: number) => bob.page.evaluate(`frame(${width}, ${height})`);

describe('what nobody watches is not made', () => {
  test('sizes of VP8, by the size of the element that shows it', async () => {
    await ada.page.evaluate('room.localParticipant.setCameraEnabled(true)');
    await pageSays(bob, 'the element', 'shows()');
    await frame(1280, 720);
    await sees('a large picture', 'height === 720');
    await makes('three sizes', '180 360 720');
    await frame(160, 90);
    await sees('a small picture', 'height === 180');
    await makes('the smallest size alone', '180');
    await frame(640, 360);
    await sees('the middle picture', 'height === 360');
    await makes('two sizes', '180 360');
    await frame(0, 0);
    await makes('nothing', '');
    const { frames } = await picture(bob);
    await frame(1280, 720);
    await makes('three sizes again', '180 360 720');
    await sees('the large picture again', `height === 720 && frames > ${frames + 10}`);
    await ada.page.evaluate('unpublish()');
  });

  test('AV1, whose sizes are one stream, as a whole', async () => {
    await ada.page.evaluate(
      "room.localParticipant.setCameraEnabled(true, {}, { videoCodec: 'av1', backupCodec: false })",
    );
    await pageSays(bob, 'the element', 'shows()');
    await frame(160, 90);
    await sees('a small picture', 'height === 180');
    await makes('all in one', '720');
    await frame(0, 0);
    await makes('nothing', '');
    await frame(1280, 720);
    await sees('a large picture', 'height === 720');
    await ada.page.evaluate('unpublish()');
  });

  test('Firefox sends three sizes, of which each gets the one that it shows', async () => {
    await ada.page.evaluate('room.disconnect()');
    fox = await joinFirefox(gateway, { token: await roomToken('demand', 'fox'), singlePeerConnection: true });
    await fox.evaluate('show({ width: 1280, height: 720, simulcast: true })');
    await pageSays(bob, 'the element', 'shows()');
    await frame(1280, 720);
    await sees('a large picture', 'height === 720');
    await frame(160, 90);
    await sees('a small picture', 'height === 180');
    const { frames } = await picture(bob);
    await sees('it moves', `frames > ${frames + 20}`);
    await frame(640, 360);
    await sees('the middle picture', 'height === 360');
    expect(await fox.evaluate('said')).not.toContain('reconnecting');
  });
});
