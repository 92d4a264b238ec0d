import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ChromiumUser } from '../support/chromium.ts';
import { Gateway } from '../support/gateway.ts';
import { joinWithSdk, pageSays } from '../support/livekit-page.ts';

/** livekit-client itself, whose WebSocket is cut under it. */
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

async function join(room: string, name: string, singlePeerConnection: boolean): Promise<ChromiumUser> {
  const user = await ChromiumUser.start({ tone: { hz: 1000, amplitude: 8192 } });
  users.push(user);
  await joinWithSdk(user, gateway, { room, name, singlePeerConnection });
  return user;
}

const say = (user: ChromiumUser, text: string) =>
  user.page.evaluate(
    `room.localParticipant.publishData(new TextEncoder().encode('${text}'), { reliable: true })`,
  );

describe.each([
  { way: 'one peer connection', single: true },
  { way: 'two peer connections', single: false },
])('over $way', ({ single }) => {
  test('a session resumes: nobody leaves, nothing is published anew, sound goes on', async () => {
    const ada = await join(`resume-${single}`, 'Ada', single);
    await ada.page.evaluate('room.localParticipant.setMicrophoneEnabled(true)');
    const bob = await join(`resume-${single}`, 'Bob', single);
    await bob.page.evaluate('room.localParticipant.setMicrophoneEnabled(true)');
    await ada.waitForTracks(1);
    await bob.waitForTracks(1);
    await bob.page.evaluate(`(() => {
      window.left = [];
      room.on('participantDisconnected', ({ identity }) => left.push(identity));
      room.on('trackUnsubscribed', ({ sid }) => left.push(sid));
    })()`);
    await bob.page.evaluate(
      `void (window.got = [], room.on('dataReceived', (bytes) => { got.push(new TextDecoder().decode(bytes)); }))`,
    );
    await say(ada, 'before');
    await pageSays(bob, 'data before the cut', "got.includes('before')");
    const before = await ada.page.evaluate('room.localParticipant.sid');
    await ada.page.evaluate('sockets.at(-1).close(4000, "cut by the test")');
    await pageSays(
      ada,
      'the client is back',
      "said.includes('signalReconnecting') && said.includes('reconnected')",
    );
    expect(await ada.page.evaluate('said.filter((event) => event.startsWith("reconnecting"))')).toEqual([]);
    expect(await ada.page.evaluate('room.localParticipant.sid')).toBe(before);

    // A data packet and sound, both ways.
    await say(ada, 'after');
    await pageSays(bob, 'data after the resume', "got.includes('after')");
    const heard = async (user: ChromiumUser) =>
      (await user.inboundAudio()).reduce((sum, { packetsReceived }) => sum + packetsReceived, 0);
    const [adaBefore, bobBefore] = [await heard(ada), await heard(bob)];
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect((await heard(ada)) - adaBefore).toBeGreaterThan(40);
    expect((await heard(bob)) - bobBefore).toBeGreaterThan(40);
    expect(await bob.page.evaluate('left')).toEqual([]);

    // Signaling works in the new session: who joins now is seen, and mute comes through.
    await ada.page.evaluate('room.localParticipant.setMicrophoneEnabled(false)');
    await pageSays(
      bob,
      'Ada is muted',
      '[...room.remoteParticipants.values()].every((one) => !one.isMicrophoneEnabled)',
    );
    for (const user of [ada, bob]) {
      await pageSays(
        user,
        'connections are known to be excellent',
        "[room.localParticipant, ...room.remoteParticipants.values()].every((one) => one.connectionQuality === 'excellent')",
      );
    }
  });
});
