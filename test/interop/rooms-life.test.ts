import { dispose, RoomEvent } from '@livekit/rtc-node';
import { RoomServiceClient } from 'livekit-server-sdk';
import { afterAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { Gateway, portsAsEnvironment, spawnGateway } from '../support/gateway.ts';
import { RtcUser } from '../support/rtc-user.ts';

/** Rooms over their life, with LiveKit's SDK for Node: many in one, a limit, time-outs, a gateway that is started again. */
const TONE = { hz: 1000, amplitude: 8192 };
const MANY = 20;

const closing: (() => Promise<unknown>)[] = [];

afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await dispose();
});

test('twenty are in a room and hear of each other; a limit holds; an empty room ends', async () => {
  const gateway = await Gateway.start({ TRUNKROOM_ROOM_DEPARTURE_TIMEOUT: '1s' });
  closing.push(() => gateway.stop());
  const rooms = new RoomServiceClient(gateway.url, 'devkey', 'secret');
  const users: RtcUser[] = [];
  for (let i = 0; i < MANY; i++)
    users.push(await RtcUser.join(gateway, { room: 'many', identity: `user-${i}` }));
  const got: string[] = [];
  for (const { room, self } of users)
    room.on(RoomEvent.DataReceived, (bytes) =>
      got.push(`${self.identity} ${new TextDecoder().decode(bytes)}`),
    );
  for (const user of users)
    await user.says('it sees all', () => user.room.remoteParticipants.size === MANY - 1, 30_000);
  const [first] = users;
  await first?.self.publishData(new TextEncoder().encode('hello'), { reliable: true });
  await first?.says('all have it', () => got.length === MANY - 1);
  await Promise.all(users.map((user) => user.leave()));
  await eventually('the room is over', 15_000, async () => (await rooms.listRooms(['many'])).length === 0);

  await rooms.createRoom({ name: 'small', maxParticipants: 1, emptyTimeout: 1 });
  const only = await RtcUser.join(gateway, { room: 'small', identity: 'only' });
  await expect(RtcUser.join(gateway, { room: 'small', identity: 'other' })).rejects.toThrow();
  await only.leave();
});

test('clients come back by themselves when the gateway is started again, with what they publish', async () => {
  const gateway = await Gateway.start();
  const ada = await RtcUser.join(gateway, { room: 'again', identity: 'ada' });
  const bob = await RtcUser.join(gateway, { room: 'again', identity: 'bob' });
  closing.push(
    () => ada.leave(),
    () => bob.leave(),
  );
  await ada.publishTone(TONE);
  await bob.hears('ada');
  await gateway.stop();
  const next = spawnGateway(portsAsEnvironment(gateway.ports));
  closing.push(() => next.stop());
  for (const user of [ada, bob])
    await user.says('it is back', () => user.said.includes(RoomEvent.Reconnected), 60_000);
  bob.clearRecording();
  await bob.says('it hears ada again', () => bob.heard('ada').samples.length > 24_000);
  expect([ada.reason, bob.reason]).toEqual([undefined, undefined]);
});
