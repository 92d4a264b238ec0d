import {
  DataPacket,
  DataPacket_Kind,
  ListRoomsResponse,
  ParticipantInfo,
  SendDataRequest,
  UpdateParticipantRequest,
} from '@livekit/protocol';
import type { VideoGrant } from 'livekit-server-sdk';
import { describe, expect, test } from 'vitest';
import { all, joined, voice } from '../room/world.ts';
import { admin, call, server } from './room-server.ts';

describe('RoomService', () => {
  test.each([
    ['CreateRoom', { name: 'lobby' }, { roomCreate: true }],
    ['ListRooms', {}, { roomList: true }],
    ['DeleteRoom', { room: 'lobby' }, { roomCreate: true }],
    ['ListParticipants', { room: 'lobby' }, admin],
    ['GetParticipant', { room: 'lobby', identity: 'ann' }, admin],
    ['RemoveParticipant', { room: 'lobby', identity: 'ann' }, admin],
    ['MutePublishedTrack', { room: 'lobby', identity: 'ann', trackSid: 'TR_a', muted: true }, admin],
    ['UpdateParticipant', { room: 'lobby', identity: 'ann', name: 'Ann' }, admin],
    ['UpdateSubscriptions', { room: 'lobby', identity: 'ann', trackSids: [], subscribe: true }, admin],
    ['SendData', { room: 'lobby', data: 'aGk=' }, admin],
    ['UpdateRoomMetadata', { room: 'lobby', metadata: 'm' }, admin],
  ] as const)('%s needs its grant, for this room', async (name, body, grant) => {
    const to = server();
    const ann = joined(to.rooms, 'ann');
    ann.room.publish(ann.participant, voice('TR_a'));
    const everythingElse: VideoGrant = {
      roomJoin: true,
      room: 'lobby',
      roomCreate: true,
      roomList: true,
      roomAdmin: true,
      ...Object.fromEntries(
        Object.keys(grant)
          .filter((key) => key !== 'room')
          .map((key) => [key, false]),
      ),
    };
    expect(await call(to, name, body, everythingElse)).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated', msg: 'permissions denied' },
    });
    if (grant === admin) expect((await call(to, name, body, { ...admin, room: 'other' })).status).toBe(401);
    expect((await call(to, name, body, grant)).status).toBe(200);
  });

  test('ForwardParticipant is not there', async () => {
    const to = server();
    const ask = async (body: object, grant: VideoGrant) =>
      (await call(to, 'ForwardParticipant', body, grant)).status;
    const there = { room: 'lobby', destination_room: 'hall' };
    expect(await ask({ room: 'lobby' }, {})).toBe(401);
    expect(await ask(there, admin)).toBe(401);
    expect(await ask(there, { ...admin, destinationRoom: 'hall' })).toBe(501);
    expect(await ask({ ...there, destination_room: 'lobby' }, { ...admin, destinationRoom: 'lobby' })).toBe(
      400,
    );
  });

  test('rooms are listed, all or by name, and deleted', async () => {
    const to = server();
    for (const name of ['a', 'b', 'c']) to.rooms.create(name, {});
    const names = async (body: unknown) => {
      const { body: reply } = await call(to, 'ListRooms', body, { roomList: true });
      return ListRoomsResponse.fromJson(reply as never).rooms.map(({ name }) => name);
    };
    expect(await names({})).toEqual(['a', 'b', 'c']);
    expect(await names({ names: ['b', 'x'] })).toEqual(['b']);
    expect((await call(to, 'DeleteRoom', { room: 'a' }, { roomCreate: true })).status).toBe(200);
    expect((await call(to, 'DeleteRoom', { room: 'a' }, { roomCreate: true })).body['code']).toBe(
      'not_found',
    );
    expect(await names({})).toEqual(['b', 'c']);
  });

  test('who is not there is not found', async () => {
    const to = server();
    expect(await call(to, 'ListParticipants', { room: 'lobby' }, admin)).toEqual({
      status: 200,
      body: { participants: [] },
    });
    for (const name of [
      'GetParticipant',
      'RemoveParticipant',
      'UpdateParticipant',
      'MutePublishedTrack',
      'UpdateSubscriptions',
    ]) {
      expect((await call(to, name, { room: 'lobby', identity: 'x' }, admin)).body['msg']).toBe(
        'requested room does not exist',
      );
    }
    joined(to.rooms, 'ann');
    expect((await call(to, 'GetParticipant', { room: 'lobby', identity: 'x' }, admin)).body['msg']).toBe(
      'participant does not exist',
    );
    expect(
      (await call(to, 'MutePublishedTrack', { room: 'lobby', identity: 'ann', trackSid: 'x' }, admin)).body[
        'msg'
      ],
    ).toBe('track is not found');
  });

  test('a participant is removed, renamed, and gets other rights', async () => {
    const to = server();
    const ann = joined(to.rooms, 'ann', { attributes: new Map([['old', '1']]) });
    const request = new UpdateParticipantRequest({
      room: 'lobby',
      identity: 'ann',
      name: 'Ann',
      metadata: 'm',
      attributes: { old: '', new: '2' },
      permission: { canSubscribe: true, canPublish: true, canPublishSources: [2] },
    });
    const { body } = await call(to, 'UpdateParticipant', request.toJson(), admin);
    const info = ParticipantInfo.fromJson(body as never);
    expect(info).toMatchObject({ name: 'Ann', metadata: 'm', attributes: { new: '2' } });
    expect(ann.participant.permissions).toEqual({
      ...all,
      canPublishData: false,
      canUpdateMetadata: false,
      publishSources: ['microphone'],
    });
    const tooLong = { room: 'lobby', identity: 'ann', attributes: { a: 'x'.repeat(65_537) } };
    expect((await call(to, 'UpdateParticipant', tooLong, admin)).body['code']).toBe('invalid_argument');
    await call(to, 'RemoveParticipant', { room: 'lobby', identity: 'ann' }, admin);
    expect(ann.door.told.slice(-1)).toEqual(['removed participant_removed']);
  });

  test('a phone is put on hold by its attribute, which is a wish; somebody else has an attribute of that name', async () => {
    const to = server();
    const phone = joined(to.rooms, 'phone', { kind: 'sip' });
    const ann = joined(to.rooms, 'ann');
    const wish = (identity: string, value: string) =>
      call(
        to,
        'UpdateParticipant',
        { room: 'lobby', identity, attributes: { 'sip.onHold': value, b: 'c' } },
        admin,
      );
    phone.door.told.length = 0;
    for (const value of ['true', 'false', 'true', '']) expect((await wish('phone', value)).status).toBe(200);
    const wishes = phone.door.told.filter((told) => told === 'hold' || told === 'resume');
    expect(wishes).toEqual(['hold', 'resume', 'hold', 'resume']);
    expect([...phone.participant.attributes]).toEqual([['b', 'c']]);
    await wish('ann', 'true');
    expect(ann.participant.attributes.get('sip.onHold')).toBe('true');
    expect(ann.door.told).not.toContain('hold');
  });

  test('unmuting a browser is its own right', async () => {
    const to = server();
    const ann = joined(to.rooms, 'ann');
    ann.room.publish(ann.participant, { ...voice('TR_a'), origin: { from: 'transport', transport: 'TP_1' } });
    const mute = { room: 'lobby', identity: 'ann', trackSid: 'TR_a', muted: true };
    expect((await call(to, 'MutePublishedTrack', mute, admin)).body).toMatchObject({
      track: { sid: 'TR_a', muted: true },
    });
    expect(await call(to, 'MutePublishedTrack', { ...mute, muted: false }, admin)).toMatchObject({
      status: 412,
      body: { code: 'failed_precondition' },
    });
  });

  test('data goes to all, to identities, to sids, and nowhere else', async () => {
    const to = server();
    const ann = joined(to.rooms, 'ann');
    const bob = joined(to.rooms, 'bob');
    const got: [string, string, DataPacket][] = [];
    for (const { door, participant } of [ann, bob])
      door.dataReceived = (channel, bytes) =>
        void got.push([participant.identity, channel, DataPacket.fromBinary(bytes)]);
    const send = async (change: ConstructorParameters<typeof SendDataRequest>[0]) => {
      got.length = 0;
      const request = new SendDataRequest({ room: 'lobby', data: new Uint8Array([1, 2]), ...change });
      const { status } = await call(to, 'SendData', request.toJson(), admin);
      return [status, got.map(([who, channel]) => `${who} ${channel}`)];
    };
    expect(await send({ topic: 'news' })).toEqual([200, ['ann reliable', 'bob reliable']]);
    expect(got[0]?.[2].value).toMatchObject({
      case: 'user',
      value: { topic: 'news', payload: new Uint8Array([1, 2]) },
    });
    expect(await send({ kind: DataPacket_Kind.LOSSY, destinationIdentities: ['bob'] })).toEqual([
      200,
      ['bob lossy'],
    ]);
    expect(await send({ destinationSids: [ann.participant.sid] })).toEqual([200, ['ann reliable']]);
    expect(await send({ destinationSids: ['PA_gone'] })).toEqual([200, []]);
    expect(await send({ data: new Uint8Array(65_537) })).toEqual([400, []]);
    expect(await send({ nonce: new Uint8Array(3) })).toEqual([400, []]);
    expect(await send({ topic: 'x'.repeat(257) })).toEqual([400, []]);
  });

  test("a room's metadata changes for everybody in it", async () => {
    const to = server();
    const ann = joined(to.rooms, 'ann');
    const reply = await call(to, 'UpdateRoomMetadata', { room: 'lobby', metadata: 'new' }, admin);
    expect(reply.body).toMatchObject({ metadata: 'new', num_participants: 1 });
    expect(ann.door.told.slice(-1)).toEqual(['room']);
  });
});
