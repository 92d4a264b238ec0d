import { CreateRoomRequest, Room } from '@livekit/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { roomService } from '../../../src/api/room-service.ts';
import { bearer, SECRET } from './backend.ts';
import { admin, call, server } from './room-server.ts';

describe('Twirp', () => {
  test('JSON in proto names with all fields, protobuf in kind', async () => {
    const to = server();
    const json = await call(
      to,
      'CreateRoom',
      { name: 'lobby', emptyTimeout: 60, metadata: 'm' },
      { roomCreate: true },
    );
    expect(json).toMatchObject({
      status: 200,
      body: {
        name: 'lobby',
        empty_timeout: 60,
        departure_timeout: 20,
        max_participants: 0,
        num_participants: 0,
        creation_time: '1700000000',
        metadata: 'm',
        active_recording: false,
      },
    });
    expect(json.body['sid']).toMatch(/^RM_/);
    const binary = await to.app.request('/twirp/livekit.RoomService/CreateRoom', {
      method: 'POST',
      headers: {
        'content-type': 'application/protobuf',
        authorization: await bearer({ video: { roomCreate: true } }),
      },
      body: new Uint8Array(new CreateRoomRequest({ name: 'lobby', maxParticipants: 5 }).toBinary()),
    });
    expect(binary.headers.get('content-type')).toBe('application/protobuf');
    expect(Room.fromBinary(new Uint8Array(await binary.arrayBuffer())).sid).toBe(json.body['sid']);
  });

  test('errors have code, words and status', async () => {
    const to = server();
    const ask = async (path: string, init: RequestInit = {}) => {
      const response = await to.app.request(path, {
        method: 'POST',
        ...init,
        headers: {
          'content-type': 'application/json',
          authorization: await bearer({ video: { roomCreate: true, roomList: true } }),
          ...(init.headers as Record<string, string>),
        },
      });
      const { code, meta } = (await response.json()) as { code: string; meta?: Record<string, string> };
      return [response.status, code, meta?.['twirp_invalid_route']];
    };
    const create = '/twirp/livekit.RoomService/CreateRoom';
    const list = '/twirp/livekit.RoomService/ListRooms';
    expect(await ask('/twirp/livekit.RoomService/Nothing')).toEqual([
      404,
      'bad_route',
      'POST /twirp/livekit.RoomService/Nothing',
    ]);
    expect(await ask('/twirp/livekit.RoomService/toString')).toEqual([
      404,
      'bad_route',
      'POST /twirp/livekit.RoomService/toString',
    ]);
    expect(await ask(list, { method: 'GET' })).toEqual([404, 'bad_route', `GET ${list}`]);
    expect(await ask(list, { headers: { 'content-type': 'text/plain' } })).toEqual([
      404,
      'bad_route',
      `POST ${list}`,
    ]);
    expect(await ask(list, { body: '{' })).toEqual([400, 'malformed', undefined]);
    expect(await ask(list, { body: '{"names":7}' })).toEqual([400, 'malformed', undefined]);
    expect(await ask(list, { body: `{"names":["${'x'.repeat(600_000)}"]}` })).toEqual([
      400,
      'malformed',
      undefined,
    ]);
    expect(await ask(create, { body: '{}' })).toEqual([400, 'invalid_argument', undefined]);
    expect(await ask(create, { body: JSON.stringify({ name: 'x'.repeat(257) }) })).toEqual([
      400,
      'invalid_argument',
      undefined,
    ]);
    expect(await ask(create, { body: JSON.stringify({ name: 'x', metadata: 'x'.repeat(65_537) }) })).toEqual([
      400,
      'invalid_argument',
      undefined,
    ]);
    expect(await ask(create, { body: '{"name":"a\\u0000"}' })).toEqual([400, 'invalid_argument', undefined]);
    expect(await ask(list, { headers: { authorization: '' } })).toEqual([401, 'unauthenticated', undefined]);
    expect(
      await ask(list, {
        headers: { authorization: await bearer({ video: { roomList: true } }, `${SECRET}!`) },
      }),
    ).toEqual([401, 'unauthenticated', undefined]);
    expect(to.faults).toEqual([]);
    expect(await ask('/twirp/livekit.Broken/Bug', { body: '{}' })).toEqual([500, 'internal', undefined]);
    expect(to.faults).toHaveLength(1);
    to.rooms.stop('server_shutdown');
    expect(await ask(create, { body: '{"name":"late"}' })).toEqual([503, 'unavailable', undefined]);
  });

  test('a key that asks too much waits; others and strangers do not make it wait', async () => {
    const to = server();
    const authorization = await bearer({ video: { roomList: true } });
    const ask = async (header: string) =>
      (
        await to.app.request('/twirp/livekit.RoomService/ListRooms', {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: header },
          body: '{}',
        })
      ).status;
    for (let i = 0; i < 500; i++) expect(await ask(authorization)).toBe(200);
    expect(await ask(authorization)).toBe(429);
    expect(to.dropped.at(-1)).toMatchObject({ type: 'dropped', reason: 'twirp-resource_exhausted' });
    to.tick(1000);
    for (let i = 0; i < 50; i++) expect(await ask('Bearer nonsense')).toBe(401);
    expect(await ask(authorization)).toBe(200);
  });

  test('any body is answered, never a fault', async () => {
    const to = server();
    const authorization = await bearer({ video: { ...admin, roomCreate: true, roomList: true } });
    const methods = Object.keys(roomService(to.rooms, to.rpc));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...methods),
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => new TextEncoder().encode(text)),
        ),
        fc.constantFrom('application/json', 'application/protobuf'),
        async (name, body, type) => {
          const response = await to.app.request(`/twirp/livekit.RoomService/${name}`, {
            method: 'POST',
            headers: { 'content-type': type, authorization },
            body: new Uint8Array(body),
          });
          expect(response.status).not.toBe(500);
          to.tick(1000);
        },
      ),
      { numRuns: 200 },
    );
    expect(to.faults).toEqual([]);
  });
});
