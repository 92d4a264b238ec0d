import { ParticipantInfo_KindDetail } from '@livekit/protocol';
import { fail, ok, type Result } from '../base/result.ts';
import type { ParticipantKind, Permissions, TrackSource } from '../room/participant.ts';
import type { RoomWish } from '../room/wish.ts';
import { readRoomConfig } from './room-config.ts';

/** What an access token allows (LiveKit's claims), read and checked. */
export interface Grants {
  /** The API key whose secret signed the token: what is signed in its stead is signed by that one too. */
  readonly key: string;
  readonly identity: string;
  readonly name: string;
  readonly metadata: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly kind: ParticipantKind;
  /** ParticipantInfo.KindDetail: LiveKit's numbers. */
  readonly kindDetails?: readonly number[] | undefined;
  readonly room: string;
  readonly roomJoin: boolean;
  /** May see and change everything of SIP (LiveKit's `sip.admin`). */
  readonly sipAdmin: boolean;
  readonly permissions: Permissions;
  /** Unix ms. */
  readonly expiresAtUnixMs?: number | undefined;
  /** What a room that this token makes shall be like; undefined: as any. */
  readonly roomConfig?: RoomWish | undefined;
}

/** Why a token was refused. */
export type TokenFault =
  | 'no-token'
  | 'malformed'
  | 'unknown-key'
  | 'bad-signature'
  | 'expired'
  | 'not-yet-valid';

/** Checks access tokens; `adapters/jwt` implements it. Never rejects. */
export interface TokenVerifier {
  verify(token: string): Promise<Result<Grants, TokenFault>>;
}

const MAX_KIND_DETAILS = 8;
const KINDS: readonly string[] = ['standard', 'ingress', 'egress', 'sip', 'agent'];
const SOURCES: readonly string[] = ['unknown', 'camera', 'microphone', 'screen_share', 'screen_share_audio'];

/** The claims of a token that `key` signed, which are LiveKit's, as {@link Grants}. Rights that are not said default as LiveKit's: publish, subscribe and data yes, the rest no. */
export function readGrants(
  key: string,
  claims: Readonly<Record<string, unknown>>,
): Result<Grants, TokenFault> {
  const video = record(claims['video']);
  const kind = text(claims['kind']).toLowerCase();
  const listed = Array.isArray(video['canPublishSources']) ? video['canPublishSources'] : [];
  const sources = listed.filter((source): source is TrackSource => SOURCES.includes(String(source)));
  const attributes = new Map<string, string>();
  for (const [key, value] of Object.entries(record(claims['attributes']))) {
    if (typeof value === 'string') attributes.set(key, value);
  }
  if (typeof claims['sub'] !== 'undefined' && typeof claims['sub'] !== 'string') return fail('malformed');
  // An empty list means every source: one whose names are all unknown must not become that.
  const canPublish = video['canPublish'] !== false && (listed.length === 0 || sources.length > 0);
  const roomConfig = readRoomConfig(claims['roomConfig']);
  if (roomConfig === 'malformed') return fail('malformed');
  return ok({
    key,
    identity: text(claims['sub']),
    name: text(claims['name']),
    metadata: text(claims['metadata']),
    attributes,
    kind: KINDS.includes(kind) ? (kind as ParticipantKind) : 'standard',
    room: text(video['room']),
    roomJoin: video['roomJoin'] === true,
    sipAdmin: record(claims['sip'])['admin'] === true,
    permissions: {
      canPublish,
      canSubscribe: video['canSubscribe'] !== false,
      canPublishData: video['canPublishData'] === undefined ? canPublish : video['canPublishData'] === true,
      publishSources: sources,
      canUpdateMetadata: video['canUpdateOwnMetadata'] === true,
      hidden: video['hidden'] === true,
      recorder: video['recorder'] === true,
    },
    ...(roomConfig !== undefined && { roomConfig }),
    kindDetails: kindDetails(claims['kindDetails']),
    ...(typeof claims['exp'] === 'number' && { expiresAtUnixMs: claims['exp'] * 1000 }),
  });
}

/** LiveKit's names, in any case; others are passed over. */
function kindDetails(names: unknown): number[] {
  if (!Array.isArray(names)) return [];
  const numbers = names
    .slice(0, MAX_KIND_DETAILS)
    .map(
      (name) =>
        ParticipantInfo_KindDetail[text(name).toUpperCase() as keyof typeof ParticipantInfo_KindDetail],
    );
  return numbers.filter((number) => typeof number === 'number');
}

/** The claim that is read as `numbers`. */
export function kindDetailsClaim(numbers: readonly number[] = []): string[] {
  return numbers.map((number) => String(ParticipantInfo_KindDetail[number]).toLowerCase());
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
