import type { Codec, LegId, MediaKind, TrackId, TransportId } from '../media/protocol.ts';
import type { RoomWish } from './wish.ts';

export type ParticipantKind = 'standard' | 'ingress' | 'egress' | 'sip' | 'agent';
export type TrackSource = 'unknown' | 'camera' | 'microphone' | 'screen_share' | 'screen_share_audio';

/** What a participant may do; LiveKit's `ParticipantPermission`. Empty `publishSources` = every source. */
export interface Permissions {
  readonly canPublish: boolean;
  readonly canSubscribe: boolean;
  readonly canPublishData: boolean;
  readonly publishSources: readonly TrackSource[];
  readonly canUpdateMetadata: boolean;
  readonly hidden: boolean;
  /** Others are told that the room is recorded while he is in it; undefined: no. */
  readonly recorder?: boolean | undefined;
}

/** Where a track's packets come from, in the room's media worker. */
export type TrackOrigin =
  | { readonly from: 'transport'; readonly transport: TransportId }
  | { readonly from: 'leg'; readonly leg: LegId };

/** One size of a published video. `quality` 0 … 2 as LiveKit counts; `rid` names its stream, or is empty. */
export interface VideoLayer {
  readonly rid: string;
  readonly quality: number;
  readonly width: number;
  readonly height: number;
  /** Bits a second, 0 when not said. */
  readonly bitrate: number;
}

/** What a publisher said of its picture: pixels, and its sizes from the smallest. */
export interface TrackVideo {
  readonly width: number;
  readonly height: number;
  /** Each layer is a stream of its own, and each subscriber gets one of them. */
  readonly simulcast: boolean;
  /** The layers are in one stream (SVC), of which each subscriber gets as much as it needs. */
  readonly svc?: true;
  readonly layers: readonly VideoLayer[];
}

/** A published track. `codecs` are what its packets may be in: one for a phone, the negotiated ones for a browser. */
export interface Track {
  readonly sid: TrackId;
  readonly name: string;
  readonly kind: MediaKind;
  readonly source: TrackSource;
  readonly origin: TrackOrigin;
  readonly codecs: readonly Codec[];
  readonly stream: string;
  muted: boolean;
  disableDtx: boolean;
  stereo: boolean;
  video?: TrackVideo;
  readonly backup?: BackupVideo;
  /** Of a browser's track. */
  said?: TrackSayings;
}

/** What a publisher may say anew of a track that is there. */
export type TrackChange = Partial<Pick<Track, 'disableDtx' | 'stereo' | 'video' | 'said'>>;

/** In which form a subscriber gets a video: as it is, or as its {@link BackupVideo}. */
export type VideoForm = 'first' | 'backup';

/**
 * The same picture in another codec, for those whose browser cannot take the first (LiveKit's backup codec). Its publisher makes it
 * when one of them is there.
 */
export interface BackupVideo {
  /** Its packets have a track of their own in the media worker. */
  readonly source: TrackId;
  /** Once it is there it is what everybody gets who can take it, so that only one need be made. */
  readonly replaces: boolean;
  /** What it comes in; before it comes, what it will. */
  codecs: readonly Codec[];
  /** Its sizes, m-line and name at the publisher; undefined: it does not come. */
  live: { readonly video: TrackVideo; readonly mid: string; readonly cid: string } | undefined;
}

/** What a publisher says of its track beside, and all are told as it was said: LiveKit's numbers. */
export interface TrackSayings {
  /** Its m-line at the publisher. */
  readonly mid: string;
  /** The client's own name of it. */
  readonly cid: string;
  /** Other than 0: encrypted from end to end. Such a track is forwarded, and nobody here can hear it. */
  readonly encryption: number;
  readonly backupCodecPolicy: number;
  readonly audioFeatures: readonly number[];
  readonly packetTrailerFeatures: readonly number[];
}

/** Why somebody is no longer in a room; LiveKit's DisconnectReason by name. */
export type LeaveReason =
  | 'client_initiated'
  | 'duplicate_identity'
  | 'server_shutdown'
  | 'participant_removed'
  | 'room_deleted'
  | 'state_mismatch'
  | 'join_failure'
  | 'signal_close'
  | 'room_closed'
  | 'user_unavailable'
  | 'user_rejected'
  | 'sip_trunk_failure'
  | 'connection_timeout'
  | 'media_failure'
  /** Gone to another room. */
  | 'migration';

/** What a participant's program is and can, as it says itself and others are told: LiveKit's numbers. */
export interface ParticipantSelf {
  /** ParticipantInfo.client_protocol: what of RPC and data streams it speaks. */
  readonly protocol: number;
  readonly capabilities: readonly number[];
  /** By its token. */
  readonly kindDetails: readonly number[];
}

/** Somebody in a room, whichever door they came by. Read by doors; changed by {@link Room} only. */
export interface Participant {
  readonly sid: string;
  readonly identity: string;
  readonly kind: ParticipantKind;
  readonly joinedAtUnixMs: number;
  readonly self?: ParticipantSelf | undefined;
  permissions: Permissions;
  name: string;
  metadata: string;
  readonly attributes: Map<string, string>;
  state: 'joining' | 'joined' | 'active' | 'disconnected';
  /** Why he is `disconnected`; undefined: he is not. */
  leftFor?: LeaveReason;
  readonly tracks: Map<TrackId, Track>;
  /** Counts changes, for clients that see updates out of order. */
  version: number;
}

export interface Speaker {
  readonly participant: Participant;
  /** 0 … 1. */
  readonly level: number;
}

/** How good somebody's connection is, 0 … 100. */
export interface ConnectionScore {
  readonly participant: Participant;
  readonly score: number;
}

/**
 * A participant's door: how the room speaks to whoever stands behind it, a browser's signaling session or a phone
 * call. The room never asks which. Called synchronously; a door must not call back into the room from within.
 */
export interface Door {
  /** These have changed, joined, or (state `disconnected`) left. Never contains hidden others. */
  participantsChanged(participants: readonly Participant[]): void;
  /** The room decided that this participant hears or sees `track`; the door makes it so, in its own time. */
  subscribed(track: Track, publisher: Participant): void;
  unsubscribed(track: Track, publisher: Participant): void;
  /** A publisher keeps its track from this participant, who gets it no more; or does so no longer, and `subscribed` follows. */
  subscriptionAllowed?(track: Track, publisher: Participant, verdict: 'allowed' | 'refused'): void;
  /** Someone with the right mutes this participant's own track. */
  muteRequested(track: Track): void;
  /** This participant's own track may not be published any more; the room has forgotten it. */
  unpublished?(track: Track): void;
  /** Someone with the right subscribes in this participant's stead; what the room gives follows. */
  subscriptionWished?(track: TrackId, wish: 'subscribe' | 'unsubscribe'): void;
  /** This participant's own track is given to somebody for the first time, or heard by a phone. */
  firstSubscribed?(track: Track): void;
  /** The room's metadata has changed. */
  roomChanged?(): void;
  /** The largest layer of each form of this participant's own video that anybody has a use for; -1: nobody watches it. */
  layersWanted?(track: Track, layers: Readonly<Record<VideoForm, number>>): void;
  /** The backup of a video that this participant is given has come, and replaces it. */
  replaced?(track: Track): void;
  speakersChanged(speakers: readonly Speaker[]): void;
  /** A data packet for this participant: LiveKit's DataPacket as bytes. */
  dataReceived(channel: 'reliable' | 'lossy', packet: Uint8Array): void;
  /** Connections have become better or worse, one's own among them. Never contains hidden others. */
  connectionsRated?(scores: readonly ConnectionScore[]): void;
  /** A key was pressed for this participant, 0 … 9, A … D, * or #: by a phone, or by a client towards phones. */
  keyPressed?(digit: string, from: Participant): void;
  /** Somebody with the right puts this participant, a phone, on hold, or takes it back. */
  holdWished?(wish: 'hold' | 'resume'): void;
  /** To another room, by whoever has the right; what follows is the door's to do. Absent: it cannot be moved. */
  moveTo?(room: string): void;
  /** Out of the room for good, not by the door's own wish. */
  removed(reason: LeaveReason): void;
}

/** What a door says when it brings somebody in. */
export interface JoinRequest {
  readonly room: string;
  readonly identity: string;
  readonly name: string;
  readonly kind: ParticipantKind;
  readonly metadata: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly permissions: Permissions;
  readonly self?: ParticipantSelf | undefined;
  /** False: only into a room that exists. */
  readonly autoCreate: boolean;
  /** What a room that is made by this join shall be like. */
  readonly wish?: RoomWish | undefined;
  /** The media place from which the phone comes: a room that it opens is in the same worker. */
  readonly from?: { readonly sid: string } | undefined;
}

/** Why a join was refused. */
export type JoinRefusal =
  | 'no-such-room'
  /** The room is in another worker than the anteroom that the phone comes from. */
  | 'out-of-reach'
  | 'room-full'
  | 'bad-identity'
  | 'bad-room-name'
  /** No new rooms, for the gateway is about to stop. */
  | 'draining'
  | 'stopping'
  | 'no-worker';
