import type { Result } from '../base/result.ts';
import type { TrackId } from '../media/protocol.ts';
import type { LeaveReason, Participant, Permissions } from './participant.ts';
import type { RoomHandle } from './ports.ts';
import type { RoomAgent, RoomSettings, RoomWish } from './wish.ts';

/** Why no room was made. */
export type CreateRefusal = 'bad-room-name' | 'draining' | 'stopping' | 'no-worker';

/** A room as whoever administers it sees it: he may do what no participant may. `room/room.ts` implements it. */
export interface AdministeredRoom extends RoomHandle {
  readonly settings: RoomSettings;
  /** Agents that whoever made the room wished for; empty: nothing was said. */
  readonly agents: readonly RoomAgent[];
  /** To those who are in it. */
  readonly orders: RoomOrders;
  /** Changes the room's metadata; everybody in it is told. */
  setMetadata(metadata: string): void;
  /** Puts somebody out: their door is told why. */
  remove(participant: Participant, reason: LeaveReason): void;
}

/** What may be done to those who are in a room by whoever has the right. `room/orders.ts` implements it. */
export interface RoomOrders {
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
  subscribe(participant: Participant, tracks: readonly TrackId[], wish: 'subscribe' | 'unsubscribe'): void;
  /** Puts a phone on hold, or takes it back: its attribute `sip.onHold` tells when that has come about. */
  hold(phone: Participant, wish: 'hold' | 'resume'): void;
  /** Sends somebody to another room. False: he cannot be moved. */
  move(participant: Participant, to: RoomHandle): boolean;
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
