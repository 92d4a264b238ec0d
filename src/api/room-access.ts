import { ok, type Result } from '../base/result.ts';
import type { AdministeredRoom, RoomAdministration } from '../room/administration.ts';
import type { Authority } from './authority.ts';
import { refuse, type TwirpFault } from './twirp.ts';

/** LiveKit refuses who lacks a grant as if he had no token. */
export function denied(): { ok: false; error: TwirpFault } {
  return refuse('unauthenticated', 'permissions denied');
}

/** The room that a token with `roomAdmin` is for. */
export function administered(
  rooms: RoomAdministration,
  name: string,
  authority: Authority,
): Result<AdministeredRoom, TwirpFault> {
  if (!authority.roomAdmin || name === '' || authority.room !== name) return denied();
  const room = rooms.find(name);
  return room === undefined ? refuse('not_found', 'requested room does not exist') : ok(room);
}
