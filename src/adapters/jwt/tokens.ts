import { decodeJwt, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import type { AgentPass } from '../../api/agents/jobs.ts';
import { type Authority, type AuthorityVerifier, readAuthority } from '../../api/authority.ts';
import type { WallClock } from '../../base/clock.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import {
  type Grants,
  kindDetailsClaim,
  readGrants,
  type TokenFault,
  type TokenVerifier,
} from '../../peer/grants.ts';
import { sourceByNumber } from '../../peer/livekit-info.ts';
import { roomConfigClaim } from '../../peer/room-config.ts';

/** Clocks of token makers may be this far off, seconds: as far as LiveKit lets them be. */
const LEEWAY_S = 60;
/** How long the signature of a webhook's body is good, seconds. */
const BODY_TTL_S = 300;

/** How long an agent has to join, seconds (LiveKit's own). */
const AGENT_TTL_S = 3600;

/** Whom a token of our own lets in. */
export interface TokenWish {
  readonly identity: string;
  readonly name: string;
  readonly room: string;
  readonly ttlSeconds: number;
}

/** LiveKit's access tokens: JWT signed with HS256 by an API key's secret; `iss` names the key (RFC 7519). */
export class AccessTokens implements TokenVerifier, AuthorityVerifier {
  readonly #secrets = new Map<string, Uint8Array>();
  readonly #wall: WallClock;

  /** `keys` maps API keys to secrets. */
  constructor(keys: ReadonlyMap<string, string>, wall: WallClock) {
    for (const [key, secret] of keys) this.#secrets.set(key, new TextEncoder().encode(secret));
    this.#wall = wall;
  }

  async verify(token: string): Promise<Result<Grants, TokenFault>> {
    const checked = await this.#check(token);
    return checked.ok ? readGrants(checked.value.key, checked.value.claims) : checked;
  }

  async authority(token: string): Promise<Result<Authority, TokenFault>> {
    const checked = await this.#check(token);
    return checked.ok ? ok(readAuthority(checked.value.key, checked.value.claims)) : checked;
  }

  /** Whose token it is and what it says, if its signature and its times are right. */
  async #check(token: string): Promise<Result<{ key: string; claims: JWTPayload }, TokenFault>> {
    try {
      const key = decodeJwt(token).iss ?? '';
      const secret = this.#secrets.get(key);
      if (secret === undefined) return fail('unknown-key');
      const { payload } = await jwtVerify(token, secret, {
        algorithms: ['HS256'],
        clockTolerance: LEEWAY_S,
        currentDate: new Date(this.#wall.unixMs()),
        requiredClaims: ['exp'],
      });
      return ok({ key, claims: payload });
    } catch (error) {
      return fail(faultOf(error));
    }
  }

  /** A token to join one room, signed with the first key. */
  mint({ identity, name, room, ttlSeconds }: TokenWish): Promise<string> {
    const claims = { name, video: { room, roomJoin: true, canUpdateOwnMetadata: true } };
    return this.#sign(claims, identity, ttlSeconds);
  }

  /** A token for all of SIP, for this program's own commands. */
  mintSipAdmin(ttlSeconds: number): Promise<string> {
    return this.#sign({ sip: { admin: true } }, 'trunkroom', ttlSeconds);
  }

  /** A token that says what a client's own did, as it is now, by the key that its own was signed with. */
  renew(grants: Grants, ttlMs: number): Promise<string> {
    const { attributes, identity, key, kind, metadata, name, permissions, room, roomConfig, roomJoin } =
      grants;
    const { canUpdateMetadata, publishSources, ...rights } = permissions;
    const video = {
      ...{ ...rights, room, roomJoin, canUpdateOwnMetadata: canUpdateMetadata },
      ...(publishSources.length > 0 && { canPublishSources: publishSources }),
    };
    const claims = {
      ...{ name, metadata, kind, attributes: Object.fromEntries(attributes), video },
      // Who is back first after a restart of the gateway makes the room anew, with its agents.
      ...(roomConfig !== undefined && { roomConfig: roomConfigClaim(roomConfig) }),
      ...(grants.kindDetails?.length && { kindDetails: kindDetailsClaim(grants.kindDetails) }),
    };
    return this.#sign(claims, identity, Math.ceil(ttlMs / 1000), key);
  }

  /** A token for an agent to join the room of its job, as LiveKit makes it. */
  mintAgent({ attributes, identity, key, metadata, name, permissions, room }: AgentPass): Promise<string> {
    const { canPublish, canPublishData, canSubscribe, canUpdateMetadata, hidden } = permissions;
    const video = {
      ...{ room, roomJoin: true, agent: true, canPublish, canPublishData, canSubscribe, hidden },
      canUpdateOwnMetadata: canUpdateMetadata,
      canPublishSources: permissions.canPublishSources.map(sourceByNumber),
    };
    const claims = { name, metadata, attributes, kind: 'agent', video };
    return this.#sign(claims, identity, AGENT_TTL_S, key);
  }

  /** Signs a webhook's body by its SHA-256 in base 64, as LiveKit does: good for five minutes. */
  signBody(key: string, sha256: string): Promise<string> {
    return this.#sign({ sha256 }, undefined, BODY_TTL_S, key);
  }

  #sign(
    claims: JWTPayload,
    subject: string | undefined,
    ttlSeconds: number,
    key = [...this.#secrets.keys()][0] ?? '',
  ): Promise<string> {
    const secret = this.#secrets.get(key);
    if (secret === undefined) throw new Error('no API key to sign with');
    const now = Math.floor(this.#wall.unixMs() / 1000);
    return new SignJWT(subject === undefined ? claims : { ...claims, sub: subject })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer(key)
      .setNotBefore(now)
      .setExpirationTime(now + ttlSeconds)
      .sign(secret);
  }
}

function faultOf(error: unknown): TokenFault {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === 'nbf' ? 'not-yet-valid' : 'malformed';
  }
  return error instanceof errors.JWSSignatureVerificationFailed ? 'bad-signature' : 'malformed';
}
