import type { Result } from '../base/result.ts';
import type { TokenFault } from '../peer/grants.ts';

/** What an access token allows whoever calls the server API (LiveKit's `video` grant). */
export interface Authority {
  /** The API key that signed the token: rates are counted by it. */
  readonly key: string;
  readonly roomCreate: boolean;
  readonly roomList: boolean;
  readonly roomAdmin: boolean;
  /** The room that `roomAdmin` is for. */
  readonly room: string;
}

/** Reads tokens of the server API; `adapters/jwt` implements it. Never rejects. */
export interface AuthorityVerifier {
  authority(token: string): Promise<Result<Authority, TokenFault>>;
}

/** The rights in a token's claims; what is not said is not allowed. */
export function readAuthority(key: string, claims: Readonly<Record<string, unknown>>): Authority {
  const { video } = claims;
  const grant = typeof video === 'object' && video !== null ? (video as Record<string, unknown>) : {};
  return {
    key,
    roomCreate: grant['roomCreate'] === true,
    roomList: grant['roomList'] === true,
    roomAdmin: grant['roomAdmin'] === true,
    room: typeof grant['room'] === 'string' ? grant['room'] : '',
  };
}
