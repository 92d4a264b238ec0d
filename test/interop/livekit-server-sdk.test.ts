import { AccessToken, DataPacket_Kind, RoomServiceClient, TrackSource } from 'livekit-server-sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Child } from '../support/child.ts';
import { ChromiumUser } from '../support/chromium.ts';
import { eventually } from '../support/eventually.ts';
import { Gateway } from '../support/gateway.ts';
import { joinWithSdk, pageSays } from '../support/livekit-page.ts';
import { productNode } from '../support/root.ts';
import { WebhookEndpoint } from '../support/webhook-endpoint.ts';

/** LiveKit's own server SDK drives the gateway, with a browser and a phone in the room, and hears of them by webhook. */
let endpoint: WebhookEndpoint;
let gateway: Gateway;
let rooms: RoomServiceClient;

beforeAll(async () => {
  endpoint = await WebhookEndpoint.open();
  gateway = await Gateway.start({ TRUNKROOM_WEBHOOK_URLS: JSON.stringify([endpoint.url]) });
  rooms = new RoomServiceClient(gateway.url, 'devkey', 'secret');
});

afterAll(async () => {
  await gateway?.stop();
  endpoint?.close();
});

/** What was told of a room so far. */
const of = (room: string) => endpoint.told.filter((event) => event.room?.name === room);

function phone(room: string): Child {
  const args = ['src/app/tools/phone.ts', gateway.sipUri(room), '--from', '60123456789', '--tone', '440'];
  return new Child('phone', productNode, args);
}

test('rooms are made, listed, changed and deleted', async () => {
  const made = await rooms.createRoom({
    name: 'made',
    emptyTimeout: 600,
    departureTimeout: 30,
    maxParticipants: 7,
    metadata: 'one',
  });
  expect(made).toMatchObject({
    name: 'made',
    emptyTimeout: 600,
    departureTimeout: 30,
    maxParticipants: 7,
    metadata: 'one',
    numParticipants: 0,
    activeRecording: false,
  });
  expect(made.sid).toMatch(/^RM_/);
  expect(Math.abs(Number(made.creationTime) - Date.now() / 1000)).toBeLessThan(60);
  expect((await rooms.createRoom({ name: 'made' })).sid).toBe(made.sid);
  await rooms.createRoom({ name: 'other' });
  expect((await rooms.listRooms()).map(({ name }) => name).sort()).toEqual(['made', 'other']);
  expect((await rooms.listRooms(['made'])).map(({ name }) => name)).toEqual(['made']);
  expect(await rooms.updateRoomMetadata('made', 'two')).toMatchObject({
    metadata: 'two',
    maxParticipants: 7,
  });
  expect(await rooms.listParticipants('made')).toEqual([]);
  await rooms.deleteRoom('made');
  await rooms.deleteRoom('other');
  expect(await rooms.listRooms()).toEqual([]);
  await expect(rooms.deleteRoom('made')).rejects.toMatchObject({ status: 404, code: 'not_found' });
  await eventually('both were told', 15_000, () => of('made').length === 2 && of('other').length === 2);
  expect(of('made').map(({ event }) => event)).toEqual(['room_started', 'room_finished']);
});

test('a room that nobody joins closes by itself', async () => {
  await rooms.createRoom({ name: 'brief', emptyTimeout: 1 });
  await eventually('it is gone', 15_000, async () => (await rooms.listRooms(['brief'])).length === 0);
});

test('without the grant nothing is done', async () => {
  const stranger = new RoomServiceClient(gateway.url, 'devkey', 'wrong secret');
  await expect(stranger.listRooms()).rejects.toMatchObject({ status: 401, code: 'unauthenticated' });
  const token = new AccessToken('devkey', 'secret', { identity: 'x' });
  token.addGrant({ room: 'lobby', roomJoin: true });
  const joiner = new RoomServiceClient(gateway.url, '', '', { token: await token.toJwt() });
  await expect(joiner.createRoom({ name: 'lobby' })).rejects.toMatchObject({ status: 401 });
  await expect(joiner.listParticipants('lobby')).rejects.toMatchObject({ status: 401 });
  await expect(joiner.moveParticipant('lobby', 'x', 'other')).rejects.toMatchObject({ status: 401 });
  await expect(rooms.moveParticipant('lobby', 'x', 'other')).rejects.toMatchObject({ code: 'not_found' });
  await expect(rooms.forwardParticipant('lobby', 'x', 'other')).rejects.toMatchObject({
    code: 'unimplemented',
  });
});

test('a browser and a phone are seen, changed, muted, spoken to and put out', async () => {
  const room = 'desk';
  const browser = await ChromiumUser.start({ tone: { hz: 1000, amplitude: 8192 } });
  const caller = phone(room);
  try {
    await joinWithSdk(browser, gateway, { room, name: 'Ada' });
    await browser.page.evaluate(`(() => {
      window.got = [];
      room.on('dataReceived', (bytes, from, kind, topic) => got.push([new TextDecoder().decode(bytes), topic, kind, from === undefined].join()));
    })()`);
    await browser.page.evaluate('room.localParticipant.setMicrophoneEnabled(true)');
    await caller.waitForOutput(/Answered/, 20_000);
    const find = async (kind: number) =>
      (await rooms.listParticipants(room)).find((one) => one.kind === kind);
    const both = await eventually('both publish', 15_000, async () => {
      const [ada, sip] = [await find(0), await find(3)];
      return ada?.tracks.length === 1 && sip?.tracks.length === 1 && { ada, sip };
    });
    const { ada, sip } = both;
    expect(sip).toMatchObject({
      attributes: { 'sip.callStatus': 'active', 'sip.phoneNumber': '60123456789' },
    });
    expect(await rooms.getParticipant(room, ada.identity)).toMatchObject({ name: 'Ada', sid: ada.sid });
    const voice = ada.tracks[0]?.sid ?? '';
    const line = sip.tracks[0]?.sid ?? '';
    await browser.waitForTracks(1);

    // Metadata, names, attributes: the client is told.
    await rooms.updateRoomMetadata(room, 'busy');
    await pageSays(browser, 'the room has its metadata', "room.metadata === 'busy'");
    await rooms.updateParticipant(room, ada.identity, {
      name: 'Countess',
      metadata: 'm',
      attributes: { role: 'host' },
    });
    await pageSays(
      browser,
      'Ada has another name',
      "room.localParticipant.name === 'Countess' && room.localParticipant.attributes.role === 'host'",
    );
    await rooms.updateParticipant(room, sip.identity, { name: 'A caller' });
    await pageSays(
      browser,
      'the caller has another name',
      "[...room.remoteParticipants.values()][0].name === 'A caller'",
    );

    // Data: to all, and to somebody else.
    const text = (said: string) => new TextEncoder().encode(said);
    await rooms.sendData(room, text('all'), DataPacket_Kind.RELIABLE, { topic: 'news' });
    await rooms.sendData(room, text('not you'), DataPacket_Kind.RELIABLE, {
      destinationIdentities: [sip.identity],
    });
    await rooms.sendData(room, text('you'), DataPacket_Kind.RELIABLE, { destinationSids: [ada.sid] });
    await pageSays(browser, 'data arrives', "got.join(';') === 'all,news,0,true;you,,0,true'");

    // A phone is muted at its leg, and unmuted; a browser is asked to mute itself, and alone may unmute.
    expect(await rooms.mutePublishedTrack(room, sip.identity, line, true)).toMatchObject({ muted: true });
    const packets = async () =>
      (await browser.inboundAudio()).reduce((sum, one) => sum + one.packetsReceived, 0);
    await pageSays(
      browser,
      'the caller is muted',
      '[...room.remoteParticipants.values()][0].isMicrophoneEnabled === false',
    );
    const before = await packets();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect((await packets()) - before).toBeLessThan(10);
    expect(await rooms.mutePublishedTrack(room, sip.identity, line, false)).toMatchObject({ muted: false });
    await eventually('the caller is heard again', 15_000, async () => (await packets()) - before > 50);
    await rooms.mutePublishedTrack(room, ada.identity, voice, true);
    await pageSays(browser, 'Ada has muted herself', 'room.localParticipant.isMicrophoneEnabled === false');
    await expect(rooms.mutePublishedTrack(room, ada.identity, voice, false)).rejects.toMatchObject({
      code: 'failed_precondition',
    });

    // Subscriptions.
    const subscribed =
      '[...room.remoteParticipants.values()][0].trackPublications.values().next().value.track !== undefined';
    await rooms.updateSubscriptions(room, ada.identity, [line], false);
    await pageSays(browser, 'Ada hears the caller no more', `!(${subscribed})`);
    await rooms.updateSubscriptions(room, ada.identity, [line], true);
    await pageSays(browser, 'Ada hears the caller again', subscribed);

    // Rights: what may not be published any more ends, at the client too.
    await rooms.updateParticipant(room, ada.identity, {
      permission: { canPublish: true, canSubscribe: true, canPublishSources: [TrackSource.CAMERA] },
    });
    await pageSays(
      browser,
      'Ada publishes nothing',
      'room.localParticipant.trackPublications.size === 0 && room.localParticipant.permissions.canPublishSources.length === 1',
    );
    expect((await rooms.getParticipant(room, ada.identity)).tracks).toEqual([]);

    // Out with them: a BYE with its cause, a leave with its reason.
    await rooms.removeParticipant(room, sip.identity);
    await caller.waitForOutput(/The call is over/, 20_000);
    await expect(rooms.getParticipant(room, sip.identity)).rejects.toMatchObject({ status: 404 });
    await rooms.deleteRoom(room);
    await pageSays(browser, 'Ada is out', "said.includes('disconnected')");

    await eventually('the end was told', 15_000, () =>
      of(room).some(({ event }) => event === 'room_finished'),
    );
    const events = (identity: string) =>
      of(room)
        .filter(({ participant }) => participant?.identity === identity)
        .map(({ event }) => event);
    expect(events(ada.identity)).toEqual([
      'participant_joined',
      'track_published',
      'track_unpublished',
      'participant_left',
    ]);
    await eventually('the end of the call was told', 15_000, () =>
      events(sip.identity).includes('sip_call_ended'),
    );
    expect(events(sip.identity).sort()).toEqual([
      'participant_joined',
      'participant_left',
      'sip_call_answered',
      'sip_call_ended',
      'sip_call_ringing',
      'track_published',
      'track_unpublished',
    ]);
    const end = of(room).find(({ event }) => event === 'sip_call_ended');
    expect(end?.sipCall).toMatchObject({
      from: '60123456789',
      direction: 'inbound',
      cause: 'removed-from-room',
      q850Cause: 16,
      fault: 'none',
      quality: { lost: expect.any(Number) },
    });
    expect(endpoint.faults).toEqual([]);
  } finally {
    await caller.stop();
    await browser.stop();
  }
});

test('what ends at shutdown is told before the process is gone', async () => {
  await rooms.createRoom({ name: 'last' });
  const exit = await gateway.stop();
  expect(exit).toMatchObject({ code: 0 });
  expect(of('last').map(({ event }) => event)).toEqual(['room_started', 'room_finished']);
});
