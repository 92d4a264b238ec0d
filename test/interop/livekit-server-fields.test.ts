import {
  AudioTrackFeature,
  DisconnectReason,
  ParticipantInfo_Kind,
  ParticipantInfo_State,
  TrackSource,
  TrackType,
} from '@livekit/protocol';
import { dispose, RoomEvent } from '@livekit/rtc-node';
import {
  AccessToken,
  AgentDispatchClient,
  EgressClient,
  IngressClient,
  IngressInput,
  RoomServiceClient,
  type VideoGrant,
} from 'livekit-server-sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { Gateway } from '../support/gateway.ts';
import { RtcUser, roomToken } from '../support/rtc-user.ts';
import { WebhookEndpoint } from '../support/webhook-endpoint.ts';

/** Each field that LiveKit's server SDK reads, as LiveKit's own server fills it, and each error's code. */
let endpoint: WebhookEndpoint;
let gateway: Gateway;
let rooms: RoomServiceClient;

beforeAll(async () => {
  endpoint = await WebhookEndpoint.open();
  gateway = await Gateway.start({ TRUNKROOM_WEBHOOK_URLS: JSON.stringify([endpoint.url]) });
  rooms = new RoomServiceClient(gateway.url, 'devkey', 'secret');
});
afterAll(async () => {
  await dispose();
  await gateway?.stop();
  endpoint?.close();
});

/** A client whose every token has these rights, and no others. */
async function withRights(grant: VideoGrant): Promise<string> {
  const token = new AccessToken('devkey', 'secret', { identity: 'backend' });
  token.addGrant(grant);
  return token.toJwt();
}

/** Seconds since 1970, as LiveKit counts. */
const recent = (seconds: bigint) => Math.abs(Number(seconds) - Date.now() / 1000) < 120;

test('a room, a participant and a track, field by field, in answers and in webhooks', async () => {
  const made = await rooms.createRoom({
    ...{ name: 'fields', emptyTimeout: 77, departureTimeout: 33, maxParticipants: 2, metadata: 'm' },
    ...{ minPlayoutDelay: 100, maxPlayoutDelay: 200, syncStreams: true, nodeId: 'elsewhere' },
  });
  expect(made).toMatchObject({
    ...{ name: 'fields', emptyTimeout: 77, departureTimeout: 33, maxParticipants: 2, metadata: 'm' },
    ...{ numParticipants: 0, numPublishers: 0, activeRecording: false, turnPassword: '' },
    sid: expect.stringMatching(/^RM_\w{12}$/),
  });
  expect([recent(made.creationTime), recent(made.creationTimeMs / 1000n)]).toEqual([true, true]);

  const token = await roomToken(
    'fields',
    'ada',
    { canPublishSources: [TrackSource.MICROPHONE], canPublishData: false },
    (mine) => {
      Object.assign(mine, { name: 'Ada', metadata: 'hers', attributes: { desk: '4' } });
    },
  );
  const ada = await RtcUser.joinWith(gateway, token);
  const sid = await ada.publishTone({ hz: 440, amplitude: 4096 });
  const { tracks, ...self } = await eventually('she publishes', 15_000, async () => {
    const found = await rooms.getParticipant('fields', 'ada');
    return found.tracks.length === 1 && found;
  });
  expect(self).toMatchObject({
    ...{ sid: expect.stringMatching(/^PA_\w{12}$/), identity: 'ada', name: 'Ada', metadata: 'hers' },
    ...{ state: ParticipantInfo_State.ACTIVE, kind: ParticipantInfo_Kind.STANDARD, isPublisher: true },
    ...{ attributes: { desk: '4' }, region: '', disconnectReason: DisconnectReason.UNKNOWN_REASON },
    permission: {
      ...{ canSubscribe: true, canPublish: true, canPublishData: false, canUpdateMetadata: true },
      ...{ hidden: false, recorder: false, agent: false, canPublishSources: [TrackSource.MICROPHONE] },
    },
  });
  expect(self.version).toBeGreaterThan(0);
  expect([recent(self.joinedAt), recent(self.joinedAtMs / 1000n)]).toEqual([true, true]);
  const [track] = tracks;
  expect(track).toMatchObject({
    ...{ sid, type: TrackType.AUDIO, source: TrackSource.MICROPHONE, muted: false, name: 'microphone' },
    ...{ stream: 'camera', encryption: 0, simulcast: false, width: 0, height: 0, layers: [] },
    ...{ mimeType: expect.stringMatching(/^audio\//), mid: expect.stringMatching(/./) },
    codecs: [{ mimeType: track?.mimeType, mid: track?.mid, cid: expect.stringMatching(/./) }],
  });
  expect(track?.audioFeatures.includes(AudioTrackFeature.TF_NO_DTX)).toBe(track?.disableDtx);
  expect((await rooms.listRooms(['fields']))[0]).toMatchObject({ numParticipants: 1, numPublishers: 1 });

  // One who records is hidden, and everybody knows that there is one.
  const bob = await RtcUser.joinWith(gateway, await roomToken('fields', 'bob'));
  const recorder = await RtcUser.joinWith(
    gateway,
    await roomToken('fields', 'recorder', { recorder: true, hidden: true }),
  );
  await eventually('it is said', 15_000, async () => (await rooms.listRooms(['fields']))[0]?.activeRecording);
  expect((await rooms.listRooms(['fields']))[0]).toMatchObject({ numParticipants: 2, maxParticipants: 2 });
  expect((await rooms.getParticipant('fields', 'recorder')).permission).toMatchObject({
    ...{ recorder: true, hidden: true },
  });
  expect([...bob.room.remoteParticipants.keys()]).toEqual(['ada']);

  // Why somebody is gone is told to those who stay, and by webhook.
  const gone = new Promise<unknown>((resolve) => {
    bob.room.on(RoomEvent.ParticipantDisconnected, (left) => resolve(left.disconnectReason));
  });
  await rooms.removeParticipant('fields', 'ada');
  expect(await gone).toBe(DisconnectReason.PARTICIPANT_REMOVED);
  await recorder.leave();
  await bob.leave();
  await ada.leave();
  await rooms.deleteRoom('fields');
  const of = (name: string) =>
    endpoint.told.filter(({ event, room }) => event === name && room?.name === 'fields');
  await eventually('the end was told', 15_000, () => of('room_finished').length === 1);
  expect(of('room_started')[0]?.room).toMatchObject({ sid: made.sid, emptyTimeout: 77, metadata: 'm' });
  expect(of('track_published')[0]).toMatchObject({
    ...{ participant: { sid: self.sid, identity: 'ada' }, track: { sid, source: TrackSource.MICROPHONE } },
    ...{ id: expect.stringMatching(/^EV_/), numDropped: 0 },
  });
  expect(of('participant_joined').map(({ participant }) => participant?.identity)).toEqual([
    ...['ada', 'bob', 'recorder'],
  ]);
  expect(of('participant_left')[0]?.participant).toMatchObject({
    ...{ identity: 'ada', disconnectReason: DisconnectReason.PARTICIPANT_REMOVED },
    state: ParticipantInfo_State.DISCONNECTED,
  });
  expect(of('track_unpublished')[0]?.track).toMatchObject({ sid });
  expect(endpoint.told.every(({ createdAt }) => recent(createdAt))).toBe(true);
});

test('an agent\u2019s dispatch, field by field', async () => {
  const agents = new AgentDispatchClient(gateway.url, 'devkey', 'secret');
  const made = await agents.createDispatch('desk', 'clerk', { metadata: 'greet' });
  expect(made).toMatchObject({
    ...{ id: expect.stringMatching(/^AD_/), room: 'desk', agentName: 'clerk', metadata: 'greet' },
    state: { jobs: [{ agentName: 'clerk', metadata: 'greet', dispatchId: made.id }], deletedAt: 0n },
  });
  expect(await agents.getDispatch(made.id, 'desk')).toMatchObject({ id: made.id });
  // The room has been made for it, and its own nameless dispatch is there, too.
  expect((await agents.listDispatch('desk')).map(({ agentName }) => agentName).sort()).toEqual(['', 'clerk']);
  await agents.deleteDispatch(made.id, 'desk');
  expect(await agents.listDispatch('desk')).toHaveLength(1);
  await expect(agents.deleteDispatch(made.id, 'desk')).rejects.toMatchObject({ code: 'not_found' });
  await expect(agents.listDispatch('nowhere')).rejects.toMatchObject({ code: 'not_found' });
});

test('errors have the codes that LiveKit gives them', async () => {
  await rooms.createRoom({ name: 'errors' });
  const codes: Record<string, () => Promise<unknown>> = {
    'not_found: a room to delete': () => rooms.deleteRoom('none'),
    'not_found: a room to change': () => rooms.updateRoomMetadata('none', 'x'),
    'not_found: a room for data': () => rooms.sendData('none', new Uint8Array(1), 0, {}),
    'not_found: somebody': () => rooms.getParticipant('errors', 'none'),
    'not_found: somebody to remove': () => rooms.removeParticipant('errors', 'none'),
    'not_found: somebody to change': () => rooms.updateParticipant('errors', 'none', { name: 'x' }),
    'not_found: somebody to mute': () => rooms.mutePublishedTrack('errors', 'none', 'TR_x', true),
    'not_found: somebody to subscribe': () => rooms.updateSubscriptions('errors', 'none', ['TR_x'], true),
    'not_found: somebody to move': () => rooms.moveParticipant('errors', 'none', 'other'),
    'invalid_argument: metadata': () => rooms.createRoom({ name: 'x', metadata: 'm'.repeat(70_000) }),
    'invalid_argument: a name': () => rooms.createRoom({ name: 'n'.repeat(257) }),
    'invalid_argument: moved to where he is': () => rooms.moveParticipant('errors', 'none', 'errors'),
    'invalid_argument: forwarded to where he is': () => rooms.forwardParticipant('errors', 'none', 'errors'),
    'unimplemented: forwarded': () => rooms.forwardParticipant('errors', 'none', 'other'),
  };
  for (const [what, ask] of Object.entries(codes)) {
    const code = await ask().then(
      () => 'none',
      (error: { code?: string }) => error.code,
    );
    expect(`${code}: ${what.split(': ')[1]}`).toBe(what);
  }
  // LiveKit answers who lacks a right as if he had no token.
  const weak = new RoomServiceClient(gateway.url, '', '', {
    token: await withRights({ roomJoin: true, room: 'errors' }),
  });
  const wishes = [
    () => weak.listRooms(),
    () => weak.createRoom({ name: 'x' }),
    () => weak.listParticipants('errors'),
  ];
  for (const wish of wishes)
    await expect(wish()).rejects.toMatchObject({ status: 401, code: 'unauthenticated' });
  await rooms.deleteRoom('errors');
});

test('egress and ingress are not there, and say so to who may ask', async () => {
  const egress = new EgressClient(gateway.url, 'devkey', 'secret');
  const ingress = new IngressClient(gateway.url, 'devkey', 'secret');
  expect(await egress.listEgress()).toEqual([]);
  expect(await ingress.listIngress()).toEqual([]);
  await expect(egress.stopEgress('EG_x')).rejects.toMatchObject({ status: 501, code: 'unimplemented' });
  await expect(
    ingress.createIngress(IngressInput.WHIP_INPUT, { name: 'x', participantIdentity: 'x', roomName: 'x' }),
  ).rejects.toMatchObject({
    code: 'unimplemented',
  });
  const token = await withRights({ roomAdmin: true, room: 'x' });
  await expect(new EgressClient(gateway.url, '', '', { token }).listEgress()).rejects.toMatchObject({
    code: 'unauthenticated',
  });
  await expect(new IngressClient(gateway.url, '', '', { token }).listIngress()).rejects.toMatchObject({
    code: 'unauthenticated',
  });
});
