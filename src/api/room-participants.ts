import {
  ForwardParticipantRequest,
  ListParticipantsRequest,
  ListParticipantsResponse,
  MoveParticipantRequest,
  MoveParticipantResponse,
  MuteRoomTrackRequest,
  MuteRoomTrackResponse,
  type ParticipantPermission,
  PerformRpcRequest,
  RemoveParticipantResponse,
  RoomParticipantIdentity,
  SendDataRequest,
  UpdateParticipantRequest,
  UpdateSubscriptionsRequest,
  UpdateSubscriptionsResponse,
} from '@livekit/protocol';
import { ok, type Result } from '../base/result.ts';
import { participantInfo, sourceByNumber, trackInfo } from '../peer/livekit-info.ts';
import type { ServerRpc } from '../peer/server-rpc.ts';
import type { AdministeredRoom, RoomAdministration } from '../room/administration.ts';
import type { Participant, Permissions } from '../room/participant.ts';
import type { Authority } from './authority.ts';
import { performRpc } from './perform-rpc.ts';
import { administered, denied } from './room-access.ts';
import { withinLimits } from './room-limits.ts';
import { sendData } from './send-data.ts';
import { type Method, method, refuse, type TwirpFault } from './twirp.ts';

/** Those methods of RoomService that are about who is in a room. */
export function participantMethods(
  rooms: RoomAdministration,
  rpc: ServerRpc,
): Readonly<Record<string, Method>> {
  const find = (name: string, identity: string, authority: Authority) =>
    somebody(administered(rooms, name, authority), identity);

  return {
    ListParticipants: method(ListParticipantsRequest, ({ room: name }, authority) => {
      const room = administered(rooms, name, authority);
      // LiveKit: nobody is in a room that is not there.
      if (!room.ok) return room.error.code === 'not_found' ? ok(new ListParticipantsResponse()) : room;
      const participants = [...room.value.participants.values()].map(participantInfo);
      return ok(new ListParticipantsResponse({ participants }));
    }),
    GetParticipant: method(RoomParticipantIdentity, ({ identity, room }, authority) => {
      const found = find(room, identity, authority);
      return found.ok ? ok(participantInfo(found.value.participant)) : found;
    }),
    RemoveParticipant: method(RoomParticipantIdentity, ({ identity, room }, authority) => {
      const found = find(room, identity, authority);
      if (!found.ok) return found;
      found.value.room.remove(found.value.participant, 'participant_removed');
      return ok(new RemoveParticipantResponse());
    }),
    MutePublishedTrack: method(MuteRoomTrackRequest, ({ identity, muted, room, trackSid }, authority) => {
      const found = find(room, identity, authority);
      return found.ok ? muteTrack(found.value, trackSid, muted) : found;
    }),
    UpdateParticipant: method(UpdateParticipantRequest, (request, authority) => {
      const found = find(request.room, request.identity, authority);
      return found.ok ? updateParticipant(found.value, request) : found;
    }),
    UpdateSubscriptions: method(UpdateSubscriptionsRequest, (request, authority) => {
      const found = find(request.room, request.identity, authority);
      if (!found.ok) return found;
      const tracks = [
        ...new Set([
          ...request.trackSids,
          ...request.participantTracks.flatMap(({ trackSids }) => trackSids),
        ]),
      ];
      const wish = request.subscribe ? 'subscribe' : 'unsubscribe';
      found.value.room.orders.subscribe(found.value.participant, tracks, wish);
      return ok(new UpdateSubscriptionsResponse());
    }),
    SendData: method(SendDataRequest, (request, authority) => {
      const room = administered(rooms, request.room, authority);
      return room.ok ? sendData(room.value, request) : room;
    }),
    ForwardParticipant: method(ForwardParticipantRequest, ({ destinationRoom, room }, authority) => {
      const mayForward =
        authority.roomAdmin && authority.room === room && authority.destinationRoom === destinationRoom;
      if (!mayForward) return denied();
      if (room === destinationRoom) return sameRoom();
      return refuse('unimplemented', 'this server does not have this method');
    }),
    MoveParticipant: method(MoveParticipantRequest, ({ destinationRoom, identity, room }, authority) => {
      // LiveKit: the token's own room is where he comes from, and it names where he may go.
      if (authority.destinationRoom !== destinationRoom) return denied();
      if (room === destinationRoom && authority.roomAdmin && authority.room === room) return sameRoom();
      const found = find(room, identity, authority);
      return found.ok ? moveParticipant(rooms, found.value, destinationRoom) : found;
    }),
    PerformRpc: method(PerformRpcRequest, (request, authority) => {
      const { destinationIdentity, method: name, payload, responseTimeoutMs, room } = request;
      const found = find(room, destinationIdentity, authority);
      if (!found.ok) return found;
      const { participant: to, room: its } = found.value;
      return performRpc(rpc, { room: its, to, method: name, payload, responseTimeoutMs });
    }),
  };
}

interface Found {
  readonly room: AdministeredRoom;
  readonly participant: Participant;
}

function somebody(room: Result<AdministeredRoom, TwirpFault>, identity: string): Result<Found, TwirpFault> {
  if (!room.ok) return room;
  const participant = room.value.participants.get(identity);
  return participant === undefined
    ? refuse('not_found', 'participant does not exist')
    : ok({ room: room.value, participant });
}

/** The room where he goes is made when it is not there. */
function moveParticipant(
  rooms: RoomAdministration,
  { participant, room }: Found,
  destination: string,
): Result<MoveParticipantResponse, TwirpFault> {
  const there = rooms.find(destination)?.participants;
  if (there?.has(participant.identity) === true)
    return refuse('failed_precondition', 'somebody of this identity is in the destination room');
  const to = rooms.find(destination);
  const made = to === undefined ? rooms.create(destination, {}) : ok(to);
  if (!made.ok) return refuse('unavailable', `no room can be made: ${made.error}`);
  return room.orders.move(participant, made.value)
    ? ok(new MoveParticipantResponse())
    : refuse('unimplemented', 'phones cannot be moved');
}

function sameRoom(): Result<never, TwirpFault> {
  return refuse('invalid_argument', 'destination room cannot be the same as source room');
}

function muteTrack({ participant, room }: Found, sid: string, muted: boolean) {
  const track = participant.tracks.get(sid);
  if (track === undefined) return refuse('not_found', 'track is not found');
  if (room.orders.muteTrack(participant, sid, muted) === 'not-allowed')
    return refuse('failed_precondition', 'remote unmute not enabled');
  return ok(new MuteRoomTrackResponse({ track: trackInfo(track) }));
}

/** A phone's attribute that is a wish when it is set from outside. */
const ON_HOLD = 'sip.onHold';

/** Empty means in protobuf that nothing was said: name and metadata cannot be emptied, as in LiveKit. */
function updateParticipant({ participant, room }: Found, request: UpdateParticipantRequest) {
  const { metadata, name, permission } = request;
  const attributes = { ...request.attributes };
  const hold = participant.kind === 'sip' ? attributes[ON_HOLD] : undefined;
  const fits = withinLimits({ name, metadata, attributes });
  if (!fits.ok) return fits;
  if (hold !== undefined) {
    // What stands there is said by the call itself, once the far end has agreed to it.
    delete attributes[ON_HOLD];
    room.orders.hold(participant, hold === 'true' ? 'hold' : 'resume');
  }
  if (permission !== undefined)
    room.orders.setPermissions(participant, permissionsOf(permission, participant.permissions));
  if (name !== '' || metadata !== '' || Object.keys(attributes).length > 0) {
    room.update(participant, {
      ...(name !== '' && { name }),
      ...(metadata !== '' && { metadata }),
      attributes: new Map(Object.entries(attributes)),
    });
  }
  return ok(participantInfo(participant));
}

function permissionsOf(permission: ParticipantPermission, { hidden }: Permissions): Permissions {
  return {
    canPublish: permission.canPublish,
    canSubscribe: permission.canSubscribe,
    canPublishData: permission.canPublishData,
    publishSources: permission.canPublishSources.map(sourceByNumber),
    canUpdateMetadata: permission.canUpdateMetadata,
    hidden,
  };
}
