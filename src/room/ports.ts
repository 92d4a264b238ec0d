import type { Result } from '../base/result.ts';
import type { MediaCommand, MediaEvent, TrackId, TransportId } from '../media/protocol.ts';
import type {
  Door,
  JoinRefusal,
  JoinRequest,
  LeaveReason,
  Participant,
  Track,
  TrackChange,
  VideoForm,
} from './participant.ts';
import type { SubscriberGrants } from './subscriber-grants.ts';
import type { RoomSettings } from './wish.ts';

/** A room as its doors see it. `room/room.ts` implements it. */
export interface RoomHandle {
  readonly sid: string;
  readonly name: string;
  readonly metadata: string;
  readonly settings: RoomSettings;
  readonly createdAtUnixMs: number;
  readonly participants: ReadonlyMap<string, Participant>;
  /** Where DTLS of this room's worker is: what answers announce. */
  readonly ice: {
    readonly port: number;
    readonly fingerprint: { readonly algorithm: string; readonly value: string };
  };

  /** The participant's media works: it counts as active and others' tracks are subscribed as permitted. */
  activate(participant: Participant): void;
  publish(participant: Participant, track: Track): void;
  unpublish(participant: Participant, track: TrackId): void;
  /** The publisher muted or unmuted itself. */
  setMuted(participant: Participant, track: TrackId, muted: boolean): void;
  /** The publisher says something else of its own track than before: everybody is told. */
  changeTrack(participant: Participant, track: TrackId, change: TrackChange): void;
  update(
    participant: Participant,
    change: { name?: string; metadata?: string; attributes?: ReadonlyMap<string, string> },
  ): void;
  /** Wishes of a subscriber (`UpdateSubscription`). */
  setSubscribed(
    participant: Participant,
    tracks: readonly TrackId[],
    subscribe: 'subscribe' | 'unsubscribe',
  ): void;
  /** Whom a publisher lets have its tracks, those to come among them; undefined: everybody (`SubscriptionPermission`). */
  allowSubscribers(participant: Participant, grants: SubscriberGrants | undefined): void;
  /** A subscriber has a use for layers of a video in that form up to this one, 0 the smallest; -1: for none at all now. */
  demandLayer(participant: Participant, track: TrackId, layer: number, form: VideoForm): void;
  /** The backup of a participant's video has come, or is gone: see {@link BackupVideo.live}. */
  backupChanged(participant: Participant, track: TrackId): void;
  /** To all others or to the named identities. */
  sendData(from: Participant, channel: 'reliable' | 'lossy', packet: Uint8Array, to: readonly string[]): void;
  /** The score of one of the participant's transports, 0 … 100: the worst of them is told to all. */
  rate(participant: Participant, transport: TransportId, score: number): void;
  /** A key press, to all others or to the named identities. */
  pressKey(from: Participant, digit: string, to: readonly string[]): void;
  leave(participant: Participant, reason: LeaveReason): void;

  /** A command to the room's media worker. */
  media(command: MediaCommand): void;
  /** Events about this transport or leg go to `listener` until `unlisten`. */
  listen(id: string, listener: (event: MediaEvent) => void): void;
  unlisten(id: string): void;
}

/** Where a phone's media are: in a room, or in an anteroom. */
export type MediaPlace = Pick<RoomHandle, 'sid' | 'ice' | 'media' | 'listen' | 'unlisten'>;

/** A place for media that are in no room: one phone's before it is let in, or a connection test's. `room/anteroom.ts` implements it. */
export interface AnteroomHandle extends MediaPlace {
  /** With what is in it. */
  close(): void;
}

/** All rooms. `room/rooms.ts` implements it. */
export interface RoomDirectory {
  join(request: JoinRequest, door: Door): Result<{ room: RoomHandle; participant: Participant }, JoinRefusal>;
  find(name: string): RoomHandle | undefined;
  /**
   * An anteroom in the worker of the first of these rooms that is open, for a phone can move within a worker only; `lost`
   * when the worker dies. Undefined: there is no worker.
   */
  anteroom(near: readonly string[], lost: () => void): AnteroomHandle | undefined;
  readonly rooms: Iterable<RoomHandle>;
}
