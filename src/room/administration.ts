import type { Millis } from '../base/clock.ts';
import type { Result } from '../base/result.ts';
import type { TrackId } from '../media/protocol.ts';
import type { LeaveReason, Participant, Permissions } from './participant.ts';
import type { RoomHandle } from './ports.ts';

/** What may be set for each room; the gateway's configuration has the rest. */
export interface RoomSettings {
  /** How long the room waits for its first participant, ms (LiveKit's empty_timeout). */
  readonly emptyMs: Millis;
  /** How long it stays when the last has left, ms (LiveKit's departure_timeout). */
  readonly departureMs: Millis;
  /** 0: as many as the gateway allows. */
  readonly maxParticipants: number;
}

/** An agent that a room shall have from its beginning (LiveKit's RoomAgentDispatch). */
export interface RoomAgent {
  /** Empty: any of those that have no name. */
  readonly agentName: string;
  /** For the agent to read. */
  readonly metadata: string;
  readonly deployment: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** LiveKit's number of it. */
  readonly restartPolicy: number;
}

/** What was said of a room that shall be there; what is undefined stays as it is. */
export interface RoomWish {
  readonly emptyMs?: Millis | undefined;
  readonly departureMs?: Millis | undefined;
  readonly maxParticipants?: number | undefined;
  readonly metadata?: string | undefined;
  /** Only of a room that is made by this wish. */
  readonly agents?: readonly RoomAgent[] | undefined;
}

/** Why no room was made. */
export type CreateRefusal = 'bad-room-name' | 'stopping' | 'no-worker';

/** A room as whoever administers it sees it: he may do what no participant may. `room/room.ts` implements it. */
export interface AdministeredRoom extends RoomHandle {
  readonly settings: RoomSettings;
  /** Agents that whoever made the room wished for; empty: nothing was said. */
  readonly agents: readonly RoomAgent[];
  /** Changes the room's metadata; everybody in it is told. */
  setMetadata(metadata: string): void;
  /** Puts somebody out: their door is told why. */
  remove(participant: Participant, reason: LeaveReason): void;
  /**
   * Mutes a track at its source and asks who publishes it to do so too. Unmuting is the publisher's own right, but for
   * a phone, which has no other way to be heard again.
   */
  muteTrack(
    participant: Participant,
    track: TrackId,
    muted: boolean,
  ): 'done' | 'no-such-track' | 'not-allowed';
  /**
   * Gives other rights, at once: tracks that may not be published any more end, and so do subscriptions. A phone's track is muted instead.
   * Whether somebody is hidden stays as it was at the join: others have seen him or not.
   */
  setPermissions(participant: Participant, permissions: Permissions): void;
  /** Subscribes a participant, or no more, in its client's stead. */
  subscribeFor(participant: Participant, tracks: readonly TrackId[], wish: 'subscribe' | 'unsubscribe'): void;
  /** Data from nobody in the room, to the named identities or, if there are none, to all. */
  announce(channel: 'reliable' | 'lossy', packet: Uint8Array, to: readonly string[]): void;
}

/** All rooms, to make and unmake. `room/rooms.ts` implements it. */
export interface RoomAdministration {
  readonly rooms: Iterable<AdministeredRoom>;
  find(name: string): AdministeredRoom | undefined;
  /** Makes a room, or changes the one that is there. */
  create(name: string, wish: RoomWish): Result<AdministeredRoom, CreateRefusal>;
  /** Puts everybody out and forgets the room. False: there is none. */
  delete(name: string): boolean;
}
