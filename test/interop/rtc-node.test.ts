import { setTimeout as sleep } from 'node:timers/promises';
import { ParticipantInfo_State } from '@livekit/protocol';
import { dispose, RoomEvent, type RpcError, SimulateScenarioKind } from '@livekit/rtc-node';
import { RoomServiceClient } from 'livekit-server-sdk';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Baresip } from '../support/baresip.ts';
import { eventually } from '../support/eventually.ts';
import { Gateway } from '../support/gateway.ts';
import { faultsHeard } from '../support/hearing.ts';
import { RtcUser, type RtcUserOptions, roomToken } from '../support/rtc-user.ts';

/** LiveKit's native SDK for Node (`@livekit/rtc-node`, the Rust core of its agents) against the gateway. */
const PHONE = { hz: 440, amplitude: 8192 };
const PROGRAM = { hz: 1000, amplitude: 8192 };
const JUDGED = { fromSecond: 1, seconds: 4 };

let gateway: Gateway;
const users: RtcUser[] = [];

beforeAll(async () => {
  gateway = await Gateway.start();
});
afterEach(async () => {
  await Promise.all(users.splice(0).map((user) => user.leave()));
});
afterAll(async () => {
  await dispose();
  await gateway?.stop();
});

async function join(options: RtcUserOptions): Promise<RtcUser> {
  const user = await RtcUser.join(gateway, options);
  users.push(user);
  return user;
}

test('a program and a phone hear each other', async () => {
  const program = await join({ room: 'phone', identity: 'program' });
  await program.publishTone(PROGRAM);
  const phone = await Baresip.start({ user: '60312345678', tone: PHONE });
  try {
    await phone.dial(gateway.sipUri('phone'));
    await program.hears('sip_60312345678');
    program.clearRecording();
    await sleep(1000 * (JUDGED.fromSecond + JUDGED.seconds) + 500);
    const inProgram = program.heard('sip_60312345678');
    phone.hangUp();
    await phone.closed();
    expect(
      faultsHeard(phone.heard(), { tones: [PROGRAM], absent: [PHONE.hz], ...JUDGED }),
      'the phone',
    ).toEqual([]);
    expect(
      faultsHeard(inProgram, { tones: [PHONE], absent: [PROGRAM.hz], ...JUDGED }),
      'the program',
    ).toEqual([]);
    await program.says('the phone is gone', () => program.room.remoteParticipants.size === 0);
  } finally {
    await phone.stop();
  }
});

test('two programs: data, RPC, streams, metadata and attributes', async () => {
  const ada = await join({ room: 'data', identity: 'ada' });
  const bob = await join({ room: 'data', identity: 'bob' });
  await ada.says('ada sees bob', () => ada.room.remoteParticipants.has('bob'));
  await bob.says('bob sees ada', () => bob.room.remoteParticipants.has('ada'));

  const got: string[] = [];
  bob.room.on(RoomEvent.DataReceived, (bytes, from, kind, topic) =>
    got.push(`${new TextDecoder().decode(bytes)} of ${from?.identity} as ${kind} on ${topic}`),
  );
  await ada.self.publishData(new TextEncoder().encode('sure'), { reliable: true, topic: 'news' });
  await ada.self.publishData(new TextEncoder().encode('perhaps'), { reliable: false, topic: 'news' });
  await ada.self.publishData(new TextEncoder().encode('not you'), {
    reliable: true,
    destination_identities: ['eve'],
  });
  await ada.self.publishData(new TextEncoder().encode('you'), {
    reliable: true,
    destination_identities: ['bob'],
  });
  await bob.says('all data came', () => got.length >= 3);
  expect(got.sort()).toEqual([
    'perhaps of ada as 0 on news',
    'sure of ada as 1 on news',
    'you of ada as 1 on undefined',
  ]);

  bob.self.registerRpcMethod(
    'greet',
    async ({ callerIdentity, payload }) => `hello ${callerIdentity}, ${payload}`,
  );
  expect(
    await ada.self.performRpc({ destinationIdentity: 'bob', method: 'greet', payload: 'well met' }),
  ).toBe('hello ada, well met');
  await expect(
    ada.self.performRpc({ destinationIdentity: 'bob', method: 'unknown', payload: '' }),
  ).rejects.toMatchObject({ code: 1400 } satisfies Partial<RpcError>);

  const texts: string[] = [];
  bob.room.registerTextStreamHandler('letters', (reader, { identity }) => {
    void reader.readAll().then((text) => texts.push(`${identity}: ${text}`));
  });
  const long = 'All of it. '.repeat(8000);
  await ada.self.sendText(long, { topic: 'letters' });
  await bob.says('the text came', () => texts.length === 1);
  expect(texts).toEqual([`ada: ${long}`]);

  const files: Uint8Array[] = [];
  bob.room.registerByteStreamHandler('files', (reader) => {
    void reader.readAll().then((chunks) => files.push(...chunks));
  });
  const writer = await ada.self.streamBytes({ topic: 'files', name: 'zeros' });
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);
  await writer.write(bytes);
  await writer.close();
  await bob.says('the file came', () => Buffer.concat(files).length === bytes.length);
  expect(Buffer.concat(files).equals(bytes)).toBe(true);

  await ada.self.setAttributes({ mood: 'good', hat: 'red' });
  await ada.self.updateMetadata('{"a":1}');
  await ada.self.updateName('Ada L.');
  await bob.says('bob sees the change', () => {
    const seen = bob.room.remoteParticipants.get('ada');
    return seen?.attributes['mood'] === 'good' && seen.metadata === '{"a":1}' && seen.name === 'Ada L.';
  });
});

test('mutes, unpublishing and what a token forbids', async () => {
  const ada = await join({ room: 'rights', identity: 'ada' });
  const bob = await join({
    room: 'rights',
    identity: 'bob',
    grant: { canPublish: false, canPublishData: false },
  });
  const sid = await ada.publishTone(PROGRAM);
  await bob.hears('ada');
  const rooms = new RoomServiceClient(gateway.url, 'devkey', 'secret');
  const track = () => bob.room.remoteParticipants.get('ada')?.trackPublications.get(sid);
  await rooms.mutePublishedTrack('rights', 'ada', sid, true);
  await bob.says('the track is muted', () => track()?.muted === true);
  await ada.self.unpublishTrack(sid);
  await bob.says('the track is gone', () => track() === undefined && bob.said.includes('unsubscribed ada'));
  await expect(bob.publishTone(PROGRAM)).rejects.toThrow();
  const got: string[] = [];
  ada.room.on(RoomEvent.DataReceived, (bytes) => got.push(new TextDecoder().decode(bytes)));
  await bob.self.publishData(new TextEncoder().encode('forbidden'), { reliable: true }).catch(() => {});
  await rooms.updateParticipant('rights', 'bob', undefined, {
    canPublish: true,
    canPublishData: true,
    canSubscribe: true,
  });
  await bob.self.publishData(new TextEncoder().encode('allowed'), { reliable: true });
  await ada.says('the data came', () => got.includes('allowed'));
  expect(got).toEqual(['allowed']);
});

test.each([
  { way: 'resumes', scenario: SimulateScenarioKind.SIMULATE_SIGNAL_RECONNECT },
  { way: 'reconnects in full', scenario: SimulateScenarioKind.SIMULATE_FULL_RECONNECT },
  { way: 'survives a server that is gone', scenario: SimulateScenarioKind.SIMULATE_NODE_FAILURE },
])('a client $way, and is heard again', async ({ scenario }) => {
  const room = `again-${scenario}`;
  const ada = await join({ room, identity: 'ada' });
  const bob = await join({ room, identity: 'bob' });
  await ada.publishTone(PROGRAM);
  await bob.hears('ada');
  await ada.room.simulateScenario(scenario);
  await ada.says('it is back', () => ada.said.includes('reconnected'));
  bob.clearRecording();
  await bob.says('bob hears ada again', () => bob.heard('ada').samples.length > 48_000);
  expect(
    faultsHeard(bob.heard('ada'), { tones: [PROGRAM], absent: [], fromSecond: 0.5, seconds: 0.5 }),
  ).toEqual([]);
});

test('a backend calls a program by RPC, and hears of its errors', async () => {
  // RoomServiceClient has no such method yet.
  const call = async (destinationIdentity: string, method: string, payload: string) => {
    const response = await fetch(`${gateway.url}/twirp/livekit.RoomService/PerformRpc`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await roomToken('rpc', 'backend', { roomAdmin: true })}`,
      },
      body: JSON.stringify({ room: 'rpc', destinationIdentity, method, payload }),
    });
    const answer: unknown = await response.json();
    return answer;
  };
  const ada = await join({ room: 'rpc', identity: 'ada' });
  ada.self.registerRpcMethod('double', ({ callerIdentity, payload }) => {
    ada.said.push(`called by ${callerIdentity}`);
    return Promise.resolve(`${2 * Number(payload)}`);
  });
  const rooms = new RoomServiceClient(gateway.url, 'devkey', 'secret');
  await eventually('ada is active', 15_000, async () => {
    return (await rooms.getParticipant('rpc', 'ada')).state === ParticipantInfo_State.ACTIVE;
  });
  expect(await call('ada', 'double', '21')).toEqual({ payload: '42' });
  expect(await call('ada', 'triple', '1')).toMatchObject({ code: 'unimplemented' });
  expect(await call('nobody', 'double', '1')).toMatchObject({ code: 'not_found' });
});

test('who is moved is in the other room, and heard there', async () => {
  const rooms = new RoomServiceClient(gateway.url, 'devkey', 'secret');
  const ada = await join({ room: 'here', identity: 'ada' });
  const bob = await join({ room: 'there', identity: 'bob' });
  await ada.publishTone(PROGRAM);
  await rooms.moveParticipant('here', 'ada', 'there');
  await bob.hears('ada');
  await ada.says('it knows of bob', () => ada.room.remoteParticipants.has('bob'));
  expect(ada.said).toContain('moved');
  expect((await rooms.listParticipants('here')).map(({ identity }) => identity)).toEqual([]);
});

test('a token that ends soon is renewed in time', async () => {
  const token = await roomToken('short', 'ada', {}, (short) => {
    short.ttl = '60s';
  });
  const ada = await RtcUser.joinWith(gateway, token);
  users.push(ada);
  await ada.says('the token came', () => ada.said.includes('tokenRefreshed'));
});

test('who is put out is told why', async () => {
  const rooms = new RoomServiceClient(gateway.url, 'devkey', 'secret');
  const first = await join({ room: 'why', identity: 'ada' });
  const second = await join({ room: 'why', identity: 'ada' });
  await first.says('the first one is out', () => first.reason !== undefined);
  expect(first.reason).toBe('DUPLICATE_IDENTITY');
  await rooms.removeParticipant('why', 'ada');
  await second.says('the second one is out', () => second.reason !== undefined);
  expect(second.reason).toBe('PARTICIPANT_REMOVED');
  const third = await join({ room: 'why', identity: 'eve' });
  await rooms.deleteRoom('why');
  await third.says('the room is gone', () => third.reason !== undefined);
  expect(third.reason).toBe('ROOM_DELETED');
});
