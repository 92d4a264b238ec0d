import type { Hono } from 'hono';
import { AccessToken, type SIPGrant, type VideoGrant } from 'livekit-server-sdk';
import { AccessTokens } from '../../../src/adapters/jwt/tokens.ts';

/** Of the API key `devkey`. */
export const SECRET = 'a secret that is long enough for HS256';
/** Reads the tokens of {@link bearer}. */
export const tokens = new AccessTokens(new Map([['devkey', SECRET]]), { unixMs: Date.now });

/** What a token lets its holder do. */
export interface Rights {
  readonly sip?: SIPGrant;
  readonly video?: VideoGrant;
}

/** The Authorization header of a backend with these rights, signed with `secret`. */
export async function bearer({ sip, video }: Rights, secret = SECRET): Promise<string> {
  const token = new AccessToken('devkey', secret, { identity: 'backend', ttl: 60 });
  if (sip !== undefined) token.addSIPGrant(sip);
  if (video !== undefined) token.addGrant(video);
  return `Bearer ${await token.toJwt()}`;
}

/** Calls a method, such as `RoomService/ListRooms`, in JSON; a text is sent as it is. */
export async function callTwirp(app: Hono, method: string, body: unknown, rights: Rights) {
  const response = await app.request(`/twirp/livekit.${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: await bearer(rights) },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
