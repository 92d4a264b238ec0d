import {
  CreateAgentDispatchRequest,
  DeleteAgentDispatchRequest,
  ListAgentDispatchRequest,
  ListAgentDispatchResponse,
} from '@livekit/protocol';
import { ok } from '../../base/result.ts';
import type { RoomAdministration } from '../../room/administration.ts';
import type { Authority } from '../authority.ts';
import { denied } from '../room-access.ts';
import { withinLimits } from '../room-limits.ts';
import { type Method, method, refuse } from '../twirp.ts';
import type { AgentDispatches } from './dispatches.ts';

/** LiveKit's AgentDispatchService (livekit_agent_dispatch.proto). */
export function dispatchService(
  rooms: RoomAdministration,
  dispatches: AgentDispatches,
): Readonly<Record<string, Method>> {
  return {
    CreateDispatch: method(CreateAgentDispatchRequest, (request, authority) => {
      if (!mayDispatch(authority, request.room)) return denied();
      const { agentName, attributes, deployment, metadata, restartPolicy, room } = request;
      const fits = withinLimits({ room, name: agentName, metadata, attributes });
      if (!fits.ok) return fits;
      // LiveKit: a dispatch makes its room.
      const made = rooms.find(room) === undefined ? rooms.create(room, {}) : ok(undefined);
      if (!made.ok) return refuse('unavailable', `no room can be made: ${made.error}`);
      const agent = { agentName, metadata, deployment, attributes, restartPolicy };
      const dispatch = dispatches.create(room, agent);
      return dispatch === undefined
        ? refuse('resource_exhausted', 'the room has too many dispatches')
        : ok(dispatch);
    }),
    DeleteDispatch: method(DeleteAgentDispatchRequest, ({ dispatchId, room }, authority) => {
      if (!mayDispatch(authority, room)) return denied();
      const dispatch = dispatches.delete(room, dispatchId);
      return dispatch === undefined ? refuse('not_found', 'dispatch ID not found') : ok(dispatch);
    }),
    ListDispatch: method(ListAgentDispatchRequest, ({ dispatchId, room }, authority) => {
      if (!mayDispatch(authority, room)) return denied();
      if (rooms.find(room) === undefined) return refuse('not_found', 'requested room does not exist');
      return ok(new ListAgentDispatchResponse({ agentDispatches: dispatches.list(room, dispatchId) }));
    }),
  };
}

function mayDispatch({ room, roomAdmin }: Authority, wanted: string): boolean {
  return roomAdmin && wanted !== '' && room === wanted;
}
