import { type SubscriptionPermission, SubscriptionPermissionUpdate } from '@livekit/protocol';
import type { TrackId } from '../media/protocol.ts';
import type { Participant, Track } from '../room/participant.ts';
import type { SubscriberGrants } from '../room/subscriber-grants.ts';
import type { ServerMessage } from './frames.ts';

/** Sayings kept before those about tracks that are gone are thrown away. */
const MANY = 1000;

/** What a client was told of tracks that their publishers keep from it, or do no more: it may have been away. */
export class TrackPermissions {
  readonly #told = new Map<TrackId, { readonly publisher: Participant; readonly allowed: boolean }>();

  /** The message that says so. */
  tell({ sid }: Track, publisher: Participant, verdict: 'allowed' | 'refused'): ServerMessage {
    if (this.#told.size >= MANY) this.#forgetGone();
    const allowed = verdict === 'allowed';
    this.#told.set(sid, { publisher, allowed });
    return update(sid, publisher, allowed);
  }

  /** All that still counts, once more. */
  restate(): ServerMessage[] {
    this.#forgetGone();
    return [...this.#told].map(([sid, { allowed, publisher }]) => update(sid, publisher, allowed));
  }

  #forgetGone(): void {
    for (const [sid, { publisher }] of this.#told) if (!publisher.tracks.has(sid)) this.#told.delete(sid);
  }
}

function update(trackSid: TrackId, { sid }: Participant, allowed: boolean): ServerMessage {
  const value = new SubscriptionPermissionUpdate({ participantSid: sid, trackSid, allowed });
  return { case: 'subscriptionPermissionUpdate', value };
}

/**
 * Whom a client lets have its tracks; undefined: everybody. Each request takes the place of the one before. Who is named by a sid that
 * nobody has, or by a sid and an identity of two people, gets nothing by it, as in LiveKit; a request that names nobody is none.
 */
export function subscriberGrants(
  { allParticipants, trackPermissions }: SubscriptionPermission,
  participants: ReadonlyMap<string, Participant>,
): SubscriberGrants | undefined | 'names-nobody' {
  if (allParticipants) return undefined;
  const grants = new Map<string, 'all' | ReadonlySet<TrackId>>();
  const sids = new Map<string, Participant>();
  for (const participant of participants.values()) sids.set(participant.sid, participant);
  for (const { allTracks, participantIdentity, participantSid, trackSids } of trackPermissions) {
    if (participantIdentity === '' && participantSid === '') return 'names-nobody';
    const bySid = sids.get(participantSid);
    if (participantIdentity === '' && bySid === undefined) continue;
    if (participantIdentity !== '' && bySid !== undefined && bySid.identity !== participantIdentity) continue;
    const identity = bySid?.identity ?? participantIdentity;
    grants.set(identity, allTracks ? 'all' : new Set(trackSids));
  }
  return grants;
}
