import {
  RequestResponse,
  RequestResponse_Reason,
  type UpdateParticipantMetadata,
  type UpdateSubscription,
} from '@livekit/protocol';
import type { Participant } from '../room/participant.ts';
import type { RoomHandle } from '../room/ports.ts';

/** LiveKit's limits of what a participant may say of itself, characters. */
const MAX_NAME = 256;
const MAX_METADATA = 65_536;
const MAX_ATTRIBUTES = 65_536;

/** Carries a participant's wish to change its own name, metadata or attributes out, and says how that went. */
export function updateMetadata(
  room: RoomHandle,
  participant: Participant,
  request: UpdateParticipantMetadata,
): RequestResponse {
  const { attributes, metadata, name, requestId } = request;
  const respond = (reason: RequestResponse_Reason, message: string): RequestResponse =>
    new RequestResponse({ requestId, reason, message });
  if (!participant.permissions.canUpdateMetadata) {
    return respond(RequestResponse_Reason.NOT_ALLOWED, 'the token lacks canUpdateOwnMetadata');
  }
  // Of all that it would have then: one after the other they could grow without end.
  const then = new Map([...participant.attributes, ...Object.entries(attributes)]);
  let size = 0;
  for (const [key, value] of then) if (value !== '') size += key.length + value.length;
  if (name.length > MAX_NAME) return respond(RequestResponse_Reason.LIMIT_EXCEEDED, 'name too long');
  if (metadata.length > MAX_METADATA)
    return respond(RequestResponse_Reason.LIMIT_EXCEEDED, 'metadata too long');
  if (size > MAX_ATTRIBUTES) return respond(RequestResponse_Reason.LIMIT_EXCEEDED, 'attributes too long');
  room.update(participant, {
    ...(name !== '' && { name }),
    ...(metadata !== '' && { metadata }),
    attributes: new Map(Object.entries(attributes)),
  });
  return respond(RequestResponse_Reason.OK, '');
}

/** The tracks that a subscription request names, in either of its two lists. */
export function subscriptionTracks({ participantTracks, trackSids }: UpdateSubscription): string[] {
  return [...new Set([...trackSids, ...participantTracks.flatMap((tracks) => tracks.trackSids)])];
}
