import {
  type AddTrackRequest,
  ClientInfo_Capability,
  JoinRequest,
  WrappedJoinRequest,
  WrappedJoinRequest_Compression,
} from '@livekit/protocol';
import { fail, ok, type Result } from '../base/result.ts';
import { fromBase64 } from './base64url.ts';
import type { Grants, TokenFault, TokenVerifier } from './grants.ts';

/** What of an HTTP request to `/rtc` or `/rtc/v1` matters. */
export interface SignalUrl {
  readonly path: '/rtc' | '/rtc/v1';
  /** The first value of a query parameter. */
  query(name: string): string | undefined;
  /** The token of an `Authorization: Bearer` header. */
  readonly bearer: string | undefined;
}

/** A client that may come in, and what it said of itself. */
export interface Admission {
  readonly grants: Grants;
  /** `single`: `/rtc/v1`, the client makes every offer. `dual`: `/rtc`, two peer connections. */
  readonly connections: 'single' | 'dual';
  readonly autoSubscribe: boolean;
  /** It wishes to resume a session instead of beginning one. */
  readonly resume: boolean;
  /** Whose session that was, or empty. */
  readonly participantSid: string;
  readonly offer: { readonly sdp: string; readonly id: number } | undefined;
  readonly addTracks: readonly AddTrackRequest[];
  /** What its program speaks and can (ClientInfo). */
  readonly client?: ClientSelf | undefined;
}

/** LiveKit's numbers. */
export interface ClientSelf {
  readonly protocol: number;
  readonly capabilities: readonly number[];
}

/** A named refusal with its HTTP status and a text for people, as LiveKit's clients show it. */
export interface AdmissionRefusal {
  readonly reason: TokenFault | 'no-join-right' | 'no-room' | 'no-identity' | 'bad-join-request';
  readonly status: 400 | 401;
  readonly text: string;
}

/** Inflates gzip (RFC 1952) to at most `maxBytes`; undefined when it is none or more. */
export type Gunzip = (bytes: Uint8Array, maxBytes: number) => Uint8Array | undefined;

const MAX_PROTOCOL = 1000;
const MAX_CAPABILITIES = 16;
/** Largest join request, bytes: an offer with many m-lines. */
const MAX_JOIN_REQUEST = 512 * 1024;

/** Decides whether a WebSocket, or a question to `/validate`, may come in. Never rejects. */
export async function admit(
  url: SignalUrl,
  verifier: TokenVerifier,
  gunzip: Gunzip,
): Promise<Result<Admission, AdmissionRefusal>> {
  const token = url.query('access_token') ?? url.bearer ?? '';
  if (token === '') return refuse('no-token', 401, 'no access token');
  const verified = await verifier.verify(token);
  if (!verified.ok) return refuse(verified.error, 401, tokenTexts[verified.error]);
  const grants = verified.value;
  if (!grants.roomJoin) return refuse('no-join-right', 401, 'permissions denied: the token lacks roomJoin');
  if (grants.room === '') return refuse('no-room', 401, 'permissions denied: the token names no room');
  if (grants.identity === '') return refuse('no-identity', 400, 'identity cannot be empty');
  if (url.path === '/rtc') {
    return ok({
      grants,
      connections: 'dual',
      autoSubscribe: url.query('auto_subscribe') !== '0' && url.query('auto_subscribe') !== 'false',
      resume: url.query('reconnect') === '1' || url.query('reconnect') === 'true',
      participantSid: url.query('sid') ?? '',
      offer: undefined,
      addTracks: [],
      client: {
        protocol: protocolNumber(Number(url.query('client_protocol') ?? 0)),
        capabilities: capabilitiesByName(url.query('capabilities') ?? ''),
      },
    });
  }
  const wrapped = url.query('join_request');
  const join = wrapped === undefined ? new JoinRequest() : readJoinRequest(wrapped, gunzip);
  if (join === undefined) return refuse('bad-join-request', 400, 'join_request cannot be read');
  return ok({
    grants,
    connections: 'single',
    autoSubscribe: join.connectionSettings?.autoSubscribe ?? true,
    resume: join.reconnect,
    participantSid: join.participantSid,
    offer: join.publisherOffer && { sdp: join.publisherOffer.sdp, id: join.publisherOffer.id },
    addTracks: join.addTrackRequests.slice(0, 16),
    client: {
      protocol: protocolNumber(join.clientInfo?.clientProtocol ?? 0),
      capabilities: known(join.clientInfo?.capabilities ?? []),
    },
  });
}

/** Others go by it: what is no number of a protocol is none. */
function protocolNumber(said: number): number {
  return Number.isInteger(said) && said >= 0 && said <= MAX_PROTOCOL ? said : 0;
}

function capabilitiesByName(names: string): number[] {
  const numbers = names
    .split(',', MAX_CAPABILITIES)
    .map((name) => ClientInfo_Capability[name.trim() as keyof typeof ClientInfo_Capability]);
  return known(numbers.filter((number) => typeof number === 'number'));
}

function known(capabilities: readonly number[]): number[] {
  return [...new Set(capabilities.slice(0, MAX_CAPABILITIES))].filter(
    (one) => one !== 0 && ClientInfo_Capability[one] !== undefined,
  );
}

function readJoinRequest(text: string, gunzip: Gunzip): JoinRequest | undefined {
  const bytes = text.length > 2 * MAX_JOIN_REQUEST ? undefined : fromBase64(text);
  if (bytes === undefined) return undefined;
  try {
    const { compression, joinRequest } = WrappedJoinRequest.fromBinary(bytes);
    const plain =
      compression === WrappedJoinRequest_Compression.GZIP
        ? gunzip(joinRequest, MAX_JOIN_REQUEST)
        : joinRequest;
    return plain && JoinRequest.fromBinary(plain);
  } catch {
    // protobuf's way of saying that the bytes are no such message
    return undefined;
  }
}

function refuse(
  reason: AdmissionRefusal['reason'],
  status: AdmissionRefusal['status'],
  text: string,
): Result<never, AdmissionRefusal> {
  return fail({ reason, status, text });
}

const tokenTexts: Readonly<Record<TokenFault, string>> = {
  'no-token': 'no access token',
  malformed: 'invalid token: it cannot be read',
  'unknown-key': 'invalid token: its API key is unknown',
  'bad-signature': 'invalid token: its signature is wrong',
  expired: 'invalid token: it is expired',
  'not-yet-valid': 'invalid token: it is not valid yet',
};
