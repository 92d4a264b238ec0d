import {
  CreateRoomRequest,
  DeleteRoomRequest,
  DeleteRoomResponse,
  ListRoomsRequest,
  ListRoomsResponse,
  UpdateRoomMetadataRequest,
} from '@livekit/protocol';
import { ok } from '../base/result.ts';
import { roomInfo } from '../peer/livekit-info.ts';
import { roomWish } from '../peer/room-config.ts';
import type { ServerRpc } from '../peer/server-rpc.ts';
import type { RoomAdministration } from '../room/administration.ts';
import { administered, denied } from './room-access.ts';
import { withinLimits } from './room-limits.ts';
import { participantMethods } from './room-participants.ts';
import { type Method, method, refuse } from './twirp.ts';

/** LiveKit's RoomService (livekit_room.proto). */
export function roomService(rooms: RoomAdministration, rpc: ServerRpc): Readonly<Record<string, Method>> {
  return {
    CreateRoom: method(CreateRoomRequest, (request, { roomCreate }) => {
      if (!roomCreate) return denied();
      return createRoom(rooms, request);
    }),
    ListRooms: method(ListRoomsRequest, ({ names }, { roomList }) => {
      if (!roomList) return denied();
      const wanted = new Set(names);
      const listed = [...rooms.rooms].filter(({ name }) => wanted.size === 0 || wanted.has(name));
      return ok(new ListRoomsResponse({ rooms: listed.map(roomInfo) }));
    }),
    DeleteRoom: method(DeleteRoomRequest, ({ room }, { roomCreate }) => {
      if (!roomCreate) return denied();
      return rooms.delete(room)
        ? ok(new DeleteRoomResponse())
        : refuse('not_found', 'requested room does not exist');
    }),
    UpdateRoomMetadata: method(UpdateRoomMetadataRequest, ({ metadata, room: name }, authority) => {
      const room = administered(rooms, name, authority);
      if (!room.ok) return room;
      const fits = withinLimits({ metadata });
      if (!fits.ok) return fits;
      room.value.setMetadata(metadata);
      return ok(roomInfo(room.value));
    }),
    ...participantMethods(rooms, rpc),
  };
}

function createRoom(rooms: RoomAdministration, request: CreateRoomRequest) {
  const { metadata, name } = request;
  const fits = withinLimits({ room: name, metadata });
  if (!fits.ok) return fits;
  const created = rooms.create(name, roomWish(request));
  if (created.ok) return ok(roomInfo(created.value));
  return created.error === 'bad-room-name'
    ? refuse('invalid_argument', 'the room name has characters that are not allowed')
    : refuse('unavailable', `no room can be made: ${created.error}`);
}
