import type { Result } from '../base/result.ts';
import type { TokenFault } from '../peer/grants.ts';

/** What an access token allows whoever calls the server API (LiveKit's `video` and `sip` grants). */
export interface Authority {
  /** The API key that signed the token: rates are counted by it. */
  readonly key: string;
  readonly roomCreate: boolean;
  readonly roomList: boolean;
  readonly roomAdmin: boolean;
  /** The room that `roomAdmin` is for. */
  readonly room: string;
  /** Where somebody of `room` may be moved or forwarded to. */
  readonly destinationRoom: string;
  /** May record rooms, and see what is recorded. */
  readonly roomRecord: boolean;
  /** May bring media in from elsewhere. */
  readonly ingressAdmin: boolean;
  /** A worker of LiveKit's agents framework. */
  readonly agent: boolean;
  /** May see trunks and rules. */
  readonly sipAdmin: boolean;
  /** May place and transfer calls. */
  readonly sipCall: boolean;
}

/** Reads tokens of the server API; `adapters/jwt` implements it. Never rejects. */
export interface AuthorityVerifier {
  authority(token: string): Promise<Result<Authority, TokenFault>>;
}

/** The rights in a token's claims; what is not said is not allowed. */
export function readAuthority(key: string, claims: Readonly<Record<string, unknown>>): Authority {
  const grant = record(claims['video']);
  const sip = record(claims['sip']);
  return {
    key,
    roomCreate: grant['roomCreate'] === true,
    roomList: grant['roomList'] === true,
    roomAdmin: grant['roomAdmin'] === true,
    room: typeof grant['room'] === 'string' ? grant['room'] : '',
    destinationRoom: typeof grant['destinationRoom'] === 'string' ? grant['destinationRoom'] : '',
    roomRecord: grant['roomRecord'] === true,
    ingressAdmin: grant['ingressAdmin'] === true,
    agent: grant['agent'] === true,
    sipAdmin: sip['admin'] === true,
    sipCall: sip['call'] === true,
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
