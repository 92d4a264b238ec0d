import type { TrackId } from '../media/protocol.ts';
import type { Member } from './member.ts';
import type { Participant, Track, VideoForm } from './participant.ts';
import { mayHave } from './subscriber-grants.ts';
import { EVERY_LAYER, VideoDemand } from './video-demand.ts';

/**
 * Who is subscribed to which track of a room. Phones need no subscription, for the worker mixes for every leg; everybody
 * else is subscribed to each track that appears, unless permission, its publisher or wish says no.
 */
export class Subscriptions {
  readonly #members: ReadonlyMap<string, Member>;
  readonly #owners = new Map<TrackId, Member>();
  readonly #demand = new VideoDemand();
  /** Tracks that somebody got, and whose publishers were told so. */
  readonly #got = new Set<TrackId>();

  /** `members` is the room's own map, by identity. */
  constructor(members: ReadonlyMap<string, Member>) {
    this.#members = members;
  }

  /** Who publishes a track of the room. */
  owner(track: TrackId): Participant | undefined {
    return this.#owners.get(track)?.participant;
  }

  has(track: TrackId): boolean {
    return this.#owners.has(track);
  }

  /** A track is there: all who are active get it. Call {@link own} first. */
  offer(track: Track, publisher: Member): void {
    for (const member of this.#members.values()) {
      if (member.participant.state === 'active') this.#subscribe(member, track, publisher);
    }
    this.#demand.begin(track, publisher);
  }

  /** Takes note of whose a new track is. */
  own(track: TrackId, publisher: Member): void {
    this.#owners.set(track, publisher);
  }

  /** A track is gone, and with it who had it and who had declined it. */
  withdraw(track: Track, publisher: Participant): void {
    this.#owners.delete(track.sid);
    this.#got.delete(track.sid);
    this.#demand.end(track.sid);
    for (const member of this.#members.values()) {
      member.declined?.delete(track.sid);
      member.refused?.delete(track.sid);
      if (member.subscriptions?.delete(track.sid) === true) member.door.unsubscribed(track, publisher);
    }
  }

  /** Gives an active member all that it may have. */
  giveAll(member: Member): void {
    for (const publisher of this.#members.values()) {
      for (const track of publisher.participant.tracks.values()) this.#subscribe(member, track, publisher);
    }
  }

  /** A publisher has said anew who may have its tracks. */
  allowed(publisher: Member): void {
    for (const member of this.#members.values()) {
      if (member.participant.state !== 'active') continue;
      for (const track of publisher.participant.tracks.values()) {
        if (mayHave(publisher.grants, member.participant.identity, track.sid)) {
          if (member.refused?.delete(track.sid) === true)
            member.door.subscriptionAllowed?.(track, publisher.participant, 'allowed');
          this.#subscribe(member, track, publisher);
        } else if (member.subscriptions?.has(track.sid) === true) {
          this.#refuse(member, track, publisher);
          this.#unsubscribe(member, track.sid);
        }
      }
    }
  }

  /** A member is gone, and watches nothing any more. */
  forget(member: Member): void {
    for (const sid of member.subscriptions ?? []) {
      const publisher = this.#owners.get(sid);
      const track = publisher?.participant.tracks.get(sid);
      if (publisher !== undefined && track !== undefined) this.#demand.drop(track, publisher, member);
    }
  }

  /** A video comes in its backup form, which replaces the first one. */
  replaced(track: Track): void {
    for (const member of this.#members.values())
      if (member.subscriptions?.has(track.sid) === true) member.door.replaced?.(track);
  }

  /** A subscriber has a use for layers of a video in that form up to this one; -1: for none. */
  demand(member: Member, sid: TrackId, layer: number, form: VideoForm): void {
    const publisher = this.#owners.get(sid);
    const track = publisher?.participant.tracks.get(sid);
    if (publisher === undefined || track === undefined || member.subscriptions?.has(sid) !== true) return;
    this.#demand.set(track, publisher, member, layer, form);
  }

  /** Takes everything from a member. */
  takeAll(member: Member): void {
    for (const sid of [...(member.subscriptions ?? [])]) this.#unsubscribe(member, sid);
  }

  /** A subscriber's wishes for single tracks. */
  wish(member: Member, tracks: readonly TrackId[], wish: 'subscribe' | 'unsubscribe'): void {
    for (const sid of tracks) {
      const publisher = this.#owners.get(sid);
      const track = publisher?.participant.tracks.get(sid);
      if (publisher === undefined || track === undefined) continue;
      if (wish === 'subscribe') {
        member.declined?.delete(sid);
        if (member.participant.state === 'active') this.#subscribe(member, track, publisher);
      } else {
        member.declined ??= new Set();
        member.declined.add(sid);
        this.#unsubscribe(member, sid);
      }
    }
  }

  #subscribe(member: Member, track: Track, publisher: Member): void {
    if (member === publisher || !member.participant.permissions.canSubscribe) return;
    const isPhone = member.participant.kind === 'sip';
    const isAllowed = mayHave(publisher.grants, member.participant.identity, track.sid);
    if (isPhone && isAllowed && track.kind === 'audio') this.#tellGot(track, publisher);
    if (isPhone || member.declined?.has(track.sid) === true) return;
    if (!isAllowed) {
      this.#refuse(member, track, publisher);
      return;
    }
    member.subscriptions ??= new Set();
    if (member.subscriptions.has(track.sid)) return;
    member.subscriptions.add(track.sid);
    this.#demand.set(track, publisher, member, EVERY_LAYER, 'first');
    this.#tellGot(track, publisher);
    member.door.subscribed(track, publisher.participant);
  }

  #refuse(member: Member, track: Track, publisher: Member): void {
    member.refused ??= new Set();
    if (member.refused.has(track.sid)) return;
    member.refused.add(track.sid);
    member.door.subscriptionAllowed?.(track, publisher.participant, 'refused');
  }

  #tellGot(track: Track, publisher: Member): void {
    if (this.#got.has(track.sid)) return;
    this.#got.add(track.sid);
    publisher.door.firstSubscribed?.(track);
  }

  #unsubscribe(member: Member, sid: TrackId): void {
    const publisher = this.#owners.get(sid);
    const track = publisher?.participant.tracks.get(sid);
    if (member.subscriptions?.delete(sid) !== true || publisher === undefined || track === undefined) return;
    this.#demand.drop(track, publisher, member);
    member.door.unsubscribed(track, publisher.participant);
  }
}
