import {
  type AddTrackRequest,
  AudioTrackFeature,
  Codec,
  DisconnectReason,
  ParticipantInfo,
  ParticipantInfo_Kind,
  ParticipantInfo_State,
  ParticipantPermission,
  Room,
  SimulcastCodecInfo,
  TrackSource as Source,
  TrackInfo,
  TrackType,
  VideoLayer,
} from '@livekit/protocol';
import { isDependent, isRecorder } from '../room/dependent.ts';
import type {
  BackupVideo,
  LeaveReason,
  Participant,
  ParticipantKind,
  Track,
  TrackSource,
} from '../room/participant.ts';
import type { RoomHandle } from '../room/ports.ts';
import { VIDEO } from '../sdp/browser-codecs.ts';

/** A participant as LiveKit's clients know it. */
export function participantInfo(participant: Participant): ParticipantInfo {
  const tracks = [...participant.tracks.values()].map(trackInfo);
  return new ParticipantInfo({
    sid: participant.sid,
    identity: participant.identity,
    state: states[participant.state],
    tracks,
    metadata: participant.metadata,
    joinedAt: BigInt(Math.floor(participant.joinedAtUnixMs / 1000)),
    joinedAtMs: BigInt(Math.floor(participant.joinedAtUnixMs)),
    name: participant.name,
    version: participant.version,
    permission: permissionInfo(participant),
    isPublisher: tracks.length > 0,
    kind: kinds[participant.kind],
    ...(participant.self && {
      kindDetails: [...participant.self.kindDetails],
      clientProtocol: participant.self.protocol,
      capabilities: [...participant.self.capabilities],
    }),
    attributes: Object.fromEntries(participant.attributes),
    ...(participant.leftFor !== undefined && { disconnectReason: disconnectReasons[participant.leftFor] }),
  });
}

/** A published track. */
export function trackInfo(track: Track): TrackInfo {
  const { said, video } = track;
  const layers = video?.layers.map((layer) => new VideoLayer({ ...layer })) ?? [];
  const mimeType = mimeName(track.codecs[0]?.mime ?? '');
  return new TrackInfo({
    sid: track.sid,
    type: track.kind === 'audio' ? TrackType.AUDIO : TrackType.VIDEO,
    name: track.name,
    muted: track.muted,
    disableDtx: track.disableDtx,
    source: sources[track.source],
    mimeType,
    stereo: track.stereo,
    disableRed: track.codecs[0]?.mime !== 'audio/red',
    stream: streamOf(track),
    ...(video && {
      ...{ width: video.width, height: video.height, layers },
      simulcast: video.simulcast || video.svc === true,
    }),
    ...(said && {
      ...{ mid: said.mid, encryption: said.encryption, backupCodecPolicy: said.backupCodecPolicy },
      audioFeatures: features(said.audioFeatures, track),
      packetTrailerFeatures: [...said.packetTrailerFeatures],
      codecs: [
        new SimulcastCodecInfo({ mimeType, mid: said.mid, cid: said.cid, layers }),
        ...(track.backup === undefined ? [] : [backupInfo(track.backup)]),
      ],
    }),
  });
}

/** A second codec, which may not have come yet. */
function backupInfo({ codecs, live }: BackupVideo): SimulcastCodecInfo {
  return new SimulcastCodecInfo({
    mimeType: mimeName(codecs[0]?.mime ?? ''),
    ...(live && {
      ...{ mid: live.mid, cid: live.cid },
      layers: live.video.layers.map((layer) => new VideoLayer({ ...layer })),
    }),
  });
}

/** LiveKit: what has its own field is said here, too. */
function features(
  said: readonly number[],
  { disableDtx, stereo }: Pick<Track, 'disableDtx' | 'stereo'>,
): AudioTrackFeature[] {
  const more = [
    ...(stereo ? [AudioTrackFeature.TF_STEREO] : []),
    ...(disableDtx ? [AudioTrackFeature.TF_NO_DTX] : []),
  ];
  return [...new Set([...said, ...more])];
}

/** LiveKit: tracks without a stream of their own come together, camera with microphone and screen with its sound. */
function streamName(said: string, source: Source): string {
  if (said !== '') return said;
  if (source === Source.SCREEN_SHARE || source === Source.SCREEN_SHARE_AUDIO) return 'screen';
  return source === Source.CAMERA || source === Source.MICROPHONE ? 'camera' : 'unknown';
}

/** With which others a track comes together. */
export function streamOf({ source, stream }: Pick<Track, 'source' | 'stream'>): string {
  return streamName(stream, sources[source]);
}

/** A track that was announced and whose m-line is not negotiated yet. */
export function announcedTrackInfo(sid: string, request: AddTrackRequest): TrackInfo {
  return new TrackInfo({
    sid,
    type: request.type,
    name: request.name,
    muted: request.muted,
    width: request.width,
    height: request.height,
    layers: request.layers,
    simulcast: request.layers.length > 1,
    disableDtx: request.disableDtx,
    source: request.source,
    mimeType:
      request.type === TrackType.AUDIO ? 'audio/opus' : `video/${request.simulcastCodecs[0]?.codec || 'VP8'}`,
    stereo: request.stereo,
    disableRed: request.disableRed,
    stream: streamName(request.stream, request.source),
    encryption: request.encryption,
    backupCodecPolicy: request.backupCodecPolicy,
    audioFeatures: features(request.audioFeatures, request),
    packetTrailerFeatures: request.packetTrailerFeatures,
    codecs: announcedCodecs(request),
  });
}

/** In what a video that was announced will come: LiveKit's clients go by the first, which is another where we do not forward theirs. */
function announcedCodecs({ cid, layers, simulcastCodecs, type }: AddTrackRequest): SimulcastCodecInfo[] {
  if (type !== TrackType.VIDEO) return [];
  const infos = new Map<string, SimulcastCodecInfo>();
  for (const said of simulcastCodecs.slice(0, 2)) {
    const mime = `video/${said.codec.toLowerCase()}`;
    const mimeType = mimeName(VIDEO.includes(mime) ? mime : VIDEO[0]!);
    const own = said.layers.length > 0 ? said.layers : layers;
    if (!infos.has(mimeType))
      infos.set(mimeType, new SimulcastCodecInfo({ mimeType, cid: said.cid, layers: own.slice(0, 4) }));
  }
  return infos.size > 0 ? [...infos.values()] : [new SimulcastCodecInfo({ cid, layers: layers.slice(0, 4) })];
}

/** What clients may publish in. */
export function enabledCodecs(): Codec[] {
  return ['audio/opus', 'audio/red', ...VIDEO].map((mime) => new Codec({ mime: mimeName(mime) }));
}

/** The room, with its settings, times in seconds. */
export function roomInfo(room: RoomHandle): Room {
  let publishers = 0;
  let participants = 0;
  let activeRecording = false;
  for (const participant of room.participants.values()) {
    // As LiveKit counts: the hidden too, and agents and recorders not.
    if (!isDependent(participant)) participants++;
    if (participant.tracks.size > 0) publishers++;
    activeRecording ||= isRecorder(participant);
  }
  return new Room({
    sid: room.sid,
    name: room.name,
    creationTime: BigInt(Math.floor(room.createdAtUnixMs / 1000)),
    creationTimeMs: BigInt(Math.floor(room.createdAtUnixMs)),
    metadata: room.metadata,
    emptyTimeout: Math.round(room.settings.emptyMs / 1000),
    departureTimeout: Math.round(room.settings.departureMs / 1000),
    maxParticipants: room.settings.maxParticipants,
    enabledCodecs: enabledCodecs(),
    numParticipants: participants,
    numPublishers: publishers,
    activeRecording,
  });
}

/** `audio/pcma` as LiveKit spells it, `audio/PCMA`; `audio/opus` and `audio/red` stay. */
function mimeName(mime: string): string {
  const [kind = '', name = ''] = mime.split('/');
  return name === 'opus' || name === 'red' ? mime : `${kind}/${name.toUpperCase()}`;
}

function permissionInfo(participant: Participant): ParticipantPermission {
  const { kind, permissions } = participant;
  return new ParticipantPermission({
    canSubscribe: permissions.canSubscribe,
    canPublish: permissions.canPublish,
    canPublishData: permissions.canPublishData,
    canPublishSources: permissions.publishSources.map((source) => sources[source]),
    hidden: permissions.hidden,
    canUpdateMetadata: permissions.canUpdateMetadata,
    agent: kind === 'agent',
    recorder: isRecorder(participant),
  });
}

/** LiveKit's number of a {@link LeaveReason}. */
export const disconnectReasons: Readonly<Record<LeaveReason, DisconnectReason>> = {
  client_initiated: DisconnectReason.CLIENT_INITIATED,
  duplicate_identity: DisconnectReason.DUPLICATE_IDENTITY,
  server_shutdown: DisconnectReason.SERVER_SHUTDOWN,
  participant_removed: DisconnectReason.PARTICIPANT_REMOVED,
  room_deleted: DisconnectReason.ROOM_DELETED,
  state_mismatch: DisconnectReason.STATE_MISMATCH,
  join_failure: DisconnectReason.JOIN_FAILURE,
  signal_close: DisconnectReason.SIGNAL_CLOSE,
  room_closed: DisconnectReason.ROOM_CLOSED,
  user_unavailable: DisconnectReason.USER_UNAVAILABLE,
  user_rejected: DisconnectReason.USER_REJECTED,
  sip_trunk_failure: DisconnectReason.SIP_TRUNK_FAILURE,
  connection_timeout: DisconnectReason.CONNECTION_TIMEOUT,
  media_failure: DisconnectReason.MEDIA_FAILURE,
  migration: DisconnectReason.MIGRATION,
};

const states = {
  joining: ParticipantInfo_State.JOINING,
  joined: ParticipantInfo_State.JOINED,
  active: ParticipantInfo_State.ACTIVE,
  disconnected: ParticipantInfo_State.DISCONNECTED,
} as const;

const kinds: Readonly<Record<ParticipantKind, ParticipantInfo_Kind>> = {
  standard: ParticipantInfo_Kind.STANDARD,
  ingress: ParticipantInfo_Kind.INGRESS,
  egress: ParticipantInfo_Kind.EGRESS,
  sip: ParticipantInfo_Kind.SIP,
  agent: ParticipantInfo_Kind.AGENT,
};

const sources: Readonly<Record<TrackSource, Source>> = {
  unknown: Source.UNKNOWN,
  camera: Source.CAMERA,
  microphone: Source.MICROPHONE,
  screen_share: Source.SCREEN_SHARE,
  screen_share_audio: Source.SCREEN_SHARE_AUDIO,
};

/** A track source by LiveKit's number; `unknown` for numbers that are not known. */
export function sourceByNumber(number: Source): TrackSource {
  for (const [name, value] of Object.entries(sources)) if (value === number) return name as TrackSource;
  return 'unknown';
}
