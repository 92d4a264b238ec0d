import { setTimeout as sleep } from 'node:timers/promises';
import { dispose } from '@livekit/rtc-node';
import { RoomServiceClient } from 'livekit-server-sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Child } from '../support/child.ts';
import { eventually } from '../support/eventually.ts';
import { Gateway } from '../support/gateway.ts';
import { RtcUser, roomToken } from '../support/rtc-user.ts';
import { toneLevel } from '../support/tones.ts';

/** WHIP and WHEP with aiortc: ICE, DTLS and SRTP that are neither a browser's nor ours. */
let gateway: Gateway;

beforeAll(async () => {
  gateway = await Gateway.start();
});
afterAll(async () => {
  await gateway?.stop();
  await dispose();
});

async function aiortc(way: 'whip' | 'whep', room: string, seconds: number): Promise<Child> {
  const token = await roomToken(room, `aiortc-${way}`);
  const script = 'test/support/aiortc-peer.py';
  // Debian's own Python has Debian's packages; another one in the PATH has not.
  return new Child('aiortc', '/usr/bin/python3', [
    script,
    way,
    `${gateway.url}/${way}/v1`,
    token,
    `${seconds}`,
  ]);
}

test('what aiortc publishes by WHIP is heard in the room, and it is gone when it says so', async () => {
  const rooms = new RoomServiceClient(gateway.url, 'devkey', 'secret');
  const user = await RtcUser.join(gateway, { room: 'in', identity: 'ear' });
  const peer = await aiortc('whip', 'in', 12);
  await user.hears('aiortc-whip').catch((error: unknown) => {
    throw new Error(peer.tail(), { cause: error });
  });
  user.clearRecording();
  await sleep(3000);
  const { samples, sampleRate } = user.heard('aiortc-whip');
  expect(toneLevel(samples.subarray(sampleRate), sampleRate, 1000)).toBeGreaterThan(-25);
  await peer.waitForOutput(/"deleted": 200/, 20_000);
  await eventually('it is gone', 15_000, async () => (await rooms.listParticipants('in')).length === 1);
  await user.leave();
  await peer.stop();
});

test('aiortc hears the room by WHEP', async () => {
  const user = await RtcUser.join(gateway, { room: 'out', identity: 'mouth' });
  await user.publishTone({ hz: 1000, amplitude: 8192 });
  const peer = await aiortc('whep', 'out', 8);
  await peer.waitForOutput(/"deleted": 200/, 30_000);
  const heard = peer.output.split('\n').find((line) => line.includes('"hz"')) ?? '{}';
  const { hz, rms } = JSON.parse(heard) as { hz?: number; rms?: number };
  expect(hz).toBeGreaterThan(900);
  expect(hz).toBeLessThan(1100);
  // 8192 at its peak is 5793.
  expect(rms).toBeGreaterThan(3000);
  await user.leave();
  await peer.stop();
});
