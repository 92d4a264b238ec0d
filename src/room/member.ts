import type { TrackId, TransportId } from '../media/protocol.ts';
import type { Door, Participant, Permissions, Track } from './participant.ts';
import type { SubscriberGrants } from './subscriber-grants.ts';

/** A participant as its room keeps it. */
export interface Member {
  readonly participant: Participant;
  readonly door: Door;
  /** Tracks of others that this member hears or sees; undefined: none yet, and a phone never has any. */
  subscriptions: Set<TrackId> | undefined;
  /** Tracks that the member does not want (`UpdateSubscription`). */
  declined: Set<TrackId> | undefined;
  /** Tracks that their publishers keep from this member. */
  refused: Set<TrackId> | undefined;
  /** Whom this member lets have its own tracks; undefined: everybody (`SubscriptionPermission`). */
  grants: SubscriberGrants | undefined;
  /** Of each transport, how good it is, 0 … 100. */
  scores: Map<TransportId, number> | undefined;
  /** Of a phone: whether its own door mutes it (hold), and whether an administrator does. */
  doorMutes: boolean;
  roomMutes: boolean;
}

/** Whether these rights allow a track; phones' and others' alike. */
export function mayPublish({ canPublish, publishSources }: Permissions, { source }: Track): boolean {
  return canPublish && (publishSources.length === 0 || publishSources.includes(source));
}
