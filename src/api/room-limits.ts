import { ok, type Result } from '../base/result.ts';
import { refuse, type TwirpFault } from './twirp.ts';

/** LiveKit's limits: names in characters, the rest too. */
const MAX_NAME = 256;
const MAX_TEXT = 65_536;

/** What a request says that has a limit; what it does not say is not checked. */
export interface Bounded {
  readonly room?: string;
  readonly name?: string;
  readonly metadata?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Refuses what is longer than LiveKit allows, in LiveKit's words. */
export function withinLimits({ attributes, metadata, name, room }: Bounded): Result<undefined, TwirpFault> {
  if (room !== undefined && (room === '' || room.length > MAX_NAME))
    return refuse(
      'invalid_argument',
      room === '' ? 'room name is missing' : 'room name length exceeds limits',
    );
  if (name !== undefined && name.length > MAX_NAME)
    return refuse('invalid_argument', 'name length exceeds limits');
  if (metadata !== undefined && metadata.length > MAX_TEXT)
    return refuse('invalid_argument', 'metadata size exceeds limits');
  const size = Object.entries(attributes ?? {}).reduce(
    (sum, [key, value]) => sum + key.length + value.length,
    0,
  );
  return size > MAX_TEXT ? refuse('invalid_argument', 'attributes size exceeds limits') : ok(undefined);
}
