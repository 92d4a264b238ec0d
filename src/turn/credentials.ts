import { base64, utf8 } from '../base/bytes.ts';
import type { Digests } from '../base/digests.ts';

/** What a browser is given to use the relay: RTCIceServer's `username` and `credential`. */
export interface TurnCredentials {
  readonly username: string;
  readonly password: string;
}

/** A user name of the time-limited form, taken apart. */
export interface TurnUser {
  /** Unix time in s after which nothing new may be allocated. */
  readonly expires: number;
  readonly identity: string;
}

/**
 * Makes credentials that are good for `ttlSeconds` (draft-uberti-behave-turn-rest-00 section 2.2, as coturn's
 * `use-auth-secret` has it): the server keeps nothing, the password proves that it made the user name.
 */
export function mintTurnCredentials(options: {
  digests: Digests;
  secret: string;
  identity: string;
  unixMs: number;
  ttlSeconds: number;
}): TurnCredentials {
  const expires = Math.floor(options.unixMs / 1000) + options.ttlSeconds;
  const username = `${expires}:${options.identity.slice(0, 120)}`;
  return { username, password: turnPassword(options.digests, options.secret, username) };
}

/** base64(HMAC-SHA1(secret, username)). */
export function turnPassword(digests: Digests, secret: string, username: string): string {
  return base64(digests.hmacSha1(utf8(secret), utf8(username)));
}

/** Takes `expiry:identity` apart; undefined for any other form. Proves nothing: the integrity does. */
export function parseTurnUsername(username: string): TurnUser | undefined {
  const match = /^(\d{1,12}):(.+)$/s.exec(username);
  return match === null ? undefined : { expires: Number(match[1]), identity: match[2]! };
}
