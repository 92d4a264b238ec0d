import {
  ClientConfigSetting,
  ClientConfiguration,
  DisconnectReason,
  ICEServer,
  JoinResponse,
  LeaveRequest,
  LeaveRequest_Action,
  ReconnectResponse,
  ServerInfo,
  ServerInfo_Edition,
} from '@livekit/protocol';
import type { LeaveReason, Participant } from '../room/participant.ts';
import type { RoomHandle } from '../room/ports.ts';
import type { IcePolicy, IceServer, PeerContext, PeerOptions } from './context.ts';
import { disconnectReasons, enabledCodecs, participantInfo, roomInfo } from './livekit-info.ts';

/** How often clients shall ping, and after which silence of ours they give up, seconds. LiveKit's own values. */
const PING_INTERVAL_S = 5;
const PING_TIMEOUT_S = 15;
/** The signaling protocol that we speak: single peer connection with the offer in the join request. */
const PROTOCOL = 17;

/** What a session is told of what is around it. */
type Surroundings = Pick<PeerContext, 'iceServers' | 'icePolicy' | 'options'>;

/** The first message of a session (livekit_rtc.proto, JoinResponse). `source`: the address that the client came from. */
export function joinResponse(
  room: RoomHandle,
  participant: Participant,
  connections: 'single' | 'dual',
  { iceServers, icePolicy, options }: Surroundings,
  source: string | undefined,
): JoinResponse {
  const others = [...room.participants.values()].filter(
    (other) => other !== participant && !other.permissions.hidden,
  );
  return new JoinResponse({
    room: roomInfo(room),
    participant: participantInfo(participant),
    otherParticipants: others.map(participantInfo),
    serverVersion: options.version,
    iceServers: iceServers(participant.identity, source).map(iceServerInfo),
    subscriberPrimary: connections === 'dual',
    clientConfiguration: clientConfiguration(icePolicy(room.name)),
    pingInterval: PING_INTERVAL_S,
    pingTimeout: PING_TIMEOUT_S,
    serverInfo: serverInfo(options),
    enabledPublishCodecs: enabledCodecs(),
  });
}

/** The first message over a WebSocket that takes a session up again (livekit_rtc.proto, ReconnectResponse). */
export function reconnectResponse(
  room: RoomHandle,
  participant: Participant,
  { iceServers, icePolicy, options }: Surroundings,
  source: string | undefined,
): ReconnectResponse {
  return new ReconnectResponse({
    iceServers: iceServers(participant.identity, source).map(iceServerInfo),
    clientConfiguration: clientConfiguration(icePolicy(room.name)),
    serverInfo: serverInfo(options),
    // Data channels live on through a resume, and SCTP itself resends what was lost.
    lastMessageSeq: 0,
  });
}

/** The last message of a session: why it ends, and what the client shall do about it. */
export function leaveRequest(reason: LeaveReason, action: LeaveRequest_Action): LeaveRequest {
  return new LeaveRequest({
    reason: disconnectReasons[reason] ?? DisconnectReason.UNKNOWN_REASON,
    action,
    canReconnect: action !== LeaveRequest_Action.DISCONNECT,
  });
}

/** LiveKit's clients take `forceRelay` for RTCConfiguration's `iceTransportPolicy: relay`. */
function clientConfiguration(policy: IcePolicy): ClientConfiguration {
  return new ClientConfiguration({
    resumeConnection: ClientConfigSetting.ENABLED,
    forceRelay: policy === 'all' ? ClientConfigSetting.UNSET : ClientConfigSetting.ENABLED,
  });
}

function iceServerInfo({ credential, urls, username }: IceServer): ICEServer {
  return new ICEServer({ urls: [...urls], username, credential });
}

function serverInfo({ version }: PeerOptions): ServerInfo {
  return new ServerInfo({ edition: ServerInfo_Edition.Standard, version, protocol: PROTOCOL });
}
