import type { TrackId } from '../media/protocol.ts';
import type { RoomOrders } from './administration.ts';
import type { Broadcast } from './broadcast.ts';
import { type Member, mayPublish } from './member.ts';
import type { Muting } from './muting.ts';
import type { Participant, Permissions } from './participant.ts';
import type { RoomHandle } from './ports.ts';
import type { Subscriptions } from './subscriptions.ts';

/** The parts of a room that orders reach. */
export interface OrderedRoom {
  readonly broadcast: Broadcast;
  readonly muting: Muting;
  readonly subscriptions: Subscriptions;
  /** Undefined: not in the room, or no more. */
  member(participant: Participant): Member | undefined;
  unpublish(participant: Participant, track: TrackId): void;
}

/** Carries out what whoever administers a room orders those who are in it. */
export class Orders implements RoomOrders {
  readonly #room: OrderedRoom;

  constructor(room: OrderedRoom) {
    this.#room = room;
  }

  muteTrack(
    participant: Participant,
    sid: TrackId,
    muted: boolean,
  ): 'done' | 'no-such-track' | 'not-allowed' {
    const track = participant.tracks.get(sid);
    const member = this.#room.member(participant);
    if (track === undefined || member === undefined) return 'no-such-track';
    if (!muted && (track.origin.from !== 'leg' || !mayPublish(participant.permissions, track)))
      return 'not-allowed';
    this.#room.muting.byRoom(member, track, muted);
    if (muted) member.door.muteRequested(track);
    return 'done';
  }

  setPermissions(participant: Participant, permissions: Permissions): void {
    const { broadcast, muting, subscriptions } = this.#room;
    const member = this.#room.member(participant);
    if (member === undefined) return;
    const { hidden, recorder } = participant.permissions;
    participant.permissions = { ...permissions, hidden, recorder };
    broadcast.changed(participant);
    for (const track of [...participant.tracks.values()]) {
      if (track.origin.from === 'leg') muting.rightsChanged(member, track);
      else if (!mayPublish(permissions, track)) {
        this.#room.unpublish(participant, track.sid);
        member.door.unpublished?.(track);
      }
    }
    if (permissions.canSubscribe && participant.state === 'active') subscriptions.giveAll(member);
    if (!permissions.canSubscribe) subscriptions.takeAll(member);
  }

  subscribe(participant: Participant, tracks: readonly TrackId[], wish: 'subscribe' | 'unsubscribe'): void {
    const { subscriptions } = this.#room;
    const member = this.#room.member(participant);
    if (member === undefined) return;
    for (const sid of tracks) if (subscriptions.has(sid)) member.door.subscriptionWished?.(sid, wish);
    subscriptions.wish(member, tracks, wish);
  }

  hold(phone: Participant, wish: 'hold' | 'resume'): void {
    this.#room.member(phone)?.door.holdWished?.(wish);
  }

  move(participant: Participant, to: RoomHandle): boolean {
    const door = this.#room.member(participant)?.door;
    door?.moveTo?.(to.name);
    return door?.moveTo !== undefined;
  }

  announce(channel: 'reliable' | 'lossy', packet: Uint8Array, to: readonly string[]): void {
    this.#room.broadcast.data(undefined, channel, packet, to);
  }
}
