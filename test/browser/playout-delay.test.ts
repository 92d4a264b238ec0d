import { RoomConfiguration } from '@livekit/protocol';
import { AccessToken } from 'livekit-server-sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChromiumUser } from '../support/chromium.ts';
import { Gateway } from '../support/gateway.ts';
import { joinWithSdk, pageSays } from '../support/livekit-page.ts';
import { seesVideo, watchVideo } from '../support/video-page.ts';

/** A room whose token asks for a delay of videos, and for sound and picture in one stream: what Chromium makes of it. */
let gateway: Gateway;
let ada: ChromiumUser;
let bob: ChromiumUser;

beforeAll(async () => {
  gateway = await Gateway.start();
  const users = Array.from({ length: 2 }, () => ChromiumUser.start({ tone: { hz: 1000, amplitude: 8192 } }));
  [ada, bob] = (await Promise.all(users)) as [ChromiumUser, ChromiumUser];
});
afterAll(async () => {
  await Promise.all([ada, bob].map((user) => user?.stop()));
  await gateway?.stop();
});

async function join(user: ChromiumUser, name: string, singlePeerConnection: boolean): Promise<void> {
  const token = new AccessToken('devkey', 'secret', { identity: name });
  token.addGrant({ roomJoin: true, room: `late ${singlePeerConnection}` });
  token.roomConfig = new RoomConfiguration({
    minPlayoutDelay: 800,
    maxPlayoutDelay: 1500,
    syncStreams: true,
  });
  const room = `late ${singlePeerConnection}`;
  await joinWithSdk(user, gateway, { room, name, singlePeerConnection, token: await token.toJwt() });
  await watchVideo(user);
}

test.each([
  ['one peer connection', true],
  ['two peer connections', false],
])(
  'over %s videos are held back as the room says, and tracks are told apart in one stream',
  async (_way, single) => {
    await join(ada, 'Ada', single);
    await join(bob, 'Bob', single);
    await ada.page.evaluate("window.got = 0; room.on('localTrackSubscribed', () => window.got++); void 0");
    await ada.page.evaluate('room.localParticipant.enableCameraAndMicrophone()');
    await seesVideo(bob, 'the picture', 'frames > 60');
    await pageSays(
      bob,
      'a delay of 800 ms or more',
      `remoteVideo().videoTrack.getRTCStatsReport().then((report) => {
      const entry = [...report.values()].find(({ type }) => type === 'inbound-rtp');
      return entry.jitterBufferDelay / entry.jitterBufferEmittedCount > 0.5 && entry.jitterBufferMinimumDelay / entry.jitterBufferEmittedCount < 2;
    })`,
      30_000,
    );
    const tracks = await bob.page.evaluate<[string, string][]>(
      '[...room.remoteParticipants.values()].flatMap((one) => [...one.trackPublications.values()].map(({ kind, source, track }) => [kind, source + (track ? "" : " without a track")])).sort()',
    );
    expect(tracks).toEqual([
      ['audio', 'microphone'],
      ['video', 'camera'],
    ]);
    await pageSays(ada, 'that both were subscribed to', 'Promise.resolve(got === 2)', 20_000);
    await ada.page.evaluate('room.disconnect()');
    await bob.page.evaluate('room.disconnect()');
  },
);
