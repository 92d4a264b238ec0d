import type { Room } from '@livekit/protocol';
import { roomInfo } from '../peer/livekit-info.ts';
import type { AdministeredRoom } from '../room/administration.ts';

/** A room as the server API and webhooks tell it: with its settings, times in seconds. */
export function roomMessage(room: AdministeredRoom): Room {
  const message = roomInfo(room);
  message.emptyTimeout = Math.round(room.settings.emptyMs / 1000);
  message.departureTimeout = Math.round(room.settings.departureMs / 1000);
  message.maxParticipants = room.settings.maxParticipants;
  return message;
}
