import type { TrackId } from '../media/protocol.ts';

/** Whom a publisher lets have which of its tracks, by identity. Who is not named gets none. */
export type SubscriberGrants = ReadonlyMap<string, 'all' | ReadonlySet<TrackId>>;

/** Whether a publisher with these grants (undefined: it has said nothing) lets somebody have a track. */
export function mayHave(grants: SubscriberGrants | undefined, identity: string, track: TrackId): boolean {
  if (grants === undefined) return true;
  const granted = grants.get(identity);
  return granted === 'all' || granted?.has(track) === true;
}
