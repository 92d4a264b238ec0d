import { setTimeout as sleep } from 'node:timers/promises';
import { Encryption_Type } from '@livekit/protocol';
import { dispose, RoomEvent } from '@livekit/rtc-node';
import { RoomServiceClient } from 'livekit-server-sdk';
import { expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import { Gateway } from '../support/gateway.ts';
import { RtcUser, type RtcUserOptions } from '../support/rtc-user.ts';
import { toneLevel } from '../support/tones.ts';

const ADA = { hz: 1000, amplitude: 8192 };
const KEY = 'a key that the gateway does not have';

test('what LiveKit\u2019s clients encrypt from end to end passes as it is: who has the key hears it, and phones hear silence', async () => {
  const gateway = await Gateway.start();
  const rooms = new RoomServiceClient(gateway.url, 'devkey', 'secret');
  const phone = await Baresip.start({ user: '60312345678', tone: { hz: 440, amplitude: 8192 } });
  const users: RtcUser[] = [];
  const join = async (identity: string, change: Partial<RtcUserOptions>): Promise<RtcUser> => {
    const user = await RtcUser.join(gateway, { room: 'secret', identity, ...change });
    users.push(user);
    return user;
  };
  try {
    const ada = await join('ada', { sharedKey: KEY });
    const bob = await join('bob', { sharedKey: KEY });
    const eve = await join('eve', { sharedKey: 'another key' });
    const got: string[] = [];
    for (const user of [bob, eve])
      user.room.on(RoomEvent.DataReceived, (bytes) =>
        got.push(`${user.self.identity}: ${new TextDecoder().decode(bytes)}`),
      );
    await phone.dial(gateway.sipUri('secret'));
    await ada.publishTone(ADA);
    await bob.hears('ada');
    await eve.hears('ada');
    await ada.hears('sip_60312345678');
    const { tracks } = await rooms.getParticipant('secret', 'ada');
    expect(tracks[0]).toMatchObject({ encryption: Encryption_Type.GCM });
    await ada.self.publishData(new TextEncoder().encode('well met'), { reliable: true });
    await bob.says('the data came', () => got.includes('bob: well met'));

    for (const user of users) user.clearRecording();
    await sleep(3000);
    const level = (user: RtcUser) => {
      const { samples, sampleRate } = user.heard('ada');
      return toneLevel(samples.subarray(sampleRate), sampleRate, ADA.hz);
    };
    expect(level(bob)).toBeGreaterThan(-25);
    expect(level(eve)).toBeLessThan(level(bob) - 20);
    phone.hangUp();
    await phone.closed();
    // Not even noise: what nobody here can read is no part of the room's mix.
    const heard = phone.heard();
    const loudest = heard.samples
      .subarray(heard.sampleRate)
      .reduce((max, s) => Math.max(max, Math.abs(s)), 0);
    expect(loudest).toBeLessThan(200);
    expect(got).toEqual(['bob: well met']);
  } finally {
    await Promise.all(users.map((user) => user.leave()));
    await phone.stop();
    await gateway.stop();
    await dispose();
  }
});
