import { LeaveRequest_Action, RoomMovedResponse } from '@livekit/protocol';
import type { Participant } from '../room/participant.ts';
import type { RoomHandle } from '../room/ports.ts';
import type { ServerMessage } from './frames.ts';
import { leaveRequest } from './join-response.ts';
import { participantInfo, roomInfo } from './livekit-info.ts';

/**
 * What a client is told that goes to another room: its new token and the room's news, and that it shall connect anew,
 * which brings it there with all that it publishes. Its media go through another media worker perhaps.
 */
export function movingMessages(to: RoomHandle, self: Participant, token: string): readonly ServerMessage[] {
  const others = [...to.participants.values()].filter(({ permissions }) => !permissions.hidden);
  const moved = new RoomMovedResponse({
    room: roomInfo(to),
    token,
    participant: participantInfo(self),
    otherParticipants: others.map(participantInfo),
  });
  return [
    { case: 'refreshToken', value: token },
    { case: 'roomMoved', value: moved },
    { case: 'leave', value: leaveRequest('migration', LeaveRequest_Action.RECONNECT) },
  ];
}
