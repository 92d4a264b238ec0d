import {
  ClientConfigSetting,
  ClientConfiguration,
  Codec,
  ICEServer,
  JoinResponse,
  ServerInfo,
  ServerInfo_Edition,
} from '@livekit/protocol';
import type { Participant } from '../room/participant.ts';
import type { RoomHandle } from '../room/ports.ts';
import type { IceServer, PeerOptions } from './context.ts';
import { participantInfo, roomInfo } from './livekit-info.ts';

/** How often clients shall ping, and after which silence of ours they give up, seconds. LiveKit's own values. */
const PING_INTERVAL_S = 5;
const PING_TIMEOUT_S = 15;
/** The signaling protocol that we speak: single peer connection with the offer in the join request. */
const PROTOCOL = 17;

/** The first message of a session (livekit_rtc.proto, JoinResponse). */
export function joinResponse(
  room: RoomHandle,
  participant: Participant,
  iceServers: readonly IceServer[],
  connections: 'single' | 'dual',
  options: PeerOptions,
): JoinResponse {
  const others = [...room.participants.values()].filter(
    (other) => other !== participant && !other.permissions.hidden,
  );
  return new JoinResponse({
    room: roomInfo(room),
    participant: participantInfo(participant),
    otherParticipants: others.map(participantInfo),
    serverVersion: options.version,
    iceServers: iceServers.map(
      ({ credential, urls, username }) => new ICEServer({ urls: [...urls], username, credential }),
    ),
    subscriberPrimary: connections === 'dual',
    // A session is not resumed but begun anew: its client need not try.
    clientConfiguration: new ClientConfiguration({ resumeConnection: ClientConfigSetting.DISABLED }),
    pingInterval: PING_INTERVAL_S,
    pingTimeout: PING_TIMEOUT_S,
    serverInfo: new ServerInfo({
      edition: ServerInfo_Edition.Standard,
      version: options.version,
      protocol: PROTOCOL,
    }),
    enabledPublishCodecs: ['audio/opus', 'video/VP8', 'video/H264', 'video/VP9'].map(
      (mime) => new Codec({ mime }),
    ),
  });
}
