import { SignJWT } from 'jose';
import { AccessToken, RoomConfiguration, TokenVerifier } from 'livekit-server-sdk';
import { expect, test } from 'vitest';
import { AccessTokens } from '../../../src/adapters/jwt/tokens.ts';

const KEYS = new Map([
  ['first', 'the-secret-of-the-first-key-0123456789'],
  ['second', 'the-secret-of-the-second-key-012345678'],
]);
const tokens = new AccessTokens(KEYS, { unixMs: () => Date.now() });

const secretOf = (key: string): string => KEYS.get(key) ?? '';

/** A client's token as a backend makes it, by one of the keys. */
async function clientToken(key: string): Promise<string> {
  const token = new AccessToken(key, secretOf(key), {
    ...{ identity: 'ada', name: 'Ada', metadata: '{"team":"red"}', attributes: { desk: '4' }, ttl: '1m' },
  });
  token.addGrant({
    ...{ room: 'lobby', roomJoin: true, canPublish: true, canSubscribe: false, canPublishData: false },
    ...{ canPublishSources: [2], canUpdateOwnMetadata: true, hidden: true },
  });
  token.roomConfig = new RoomConfiguration({
    ...{ emptyTimeout: 60, departureTimeout: 7, maxParticipants: 5, metadata: 'of the room' },
    agents: [{ agentName: 'clerk', metadata: 'greet', attributes: { language: 'en' } }],
  });
  return token.toJwt();
}

test.each(['first', 'second'])('a token of key %s is renewed by that key', async (key) => {
  const read = await tokens.verify(await clientToken(key));
  if (!read.ok) throw new Error(read.error);
  const renewed = await tokens.renew(read.value, 600_000);
  // LiveKit's own verifier, which knows that one secret.
  const claims = await new TokenVerifier(key, secretOf(key)).verify(renewed);
  expect(claims).toMatchObject({ name: 'Ada', metadata: '{"team":"red"}', attributes: { desk: '4' } });
  expect(claims.video).toMatchObject({ room: 'lobby', roomJoin: true, canSubscribe: false, hidden: true });
  const again = await tokens.verify(renewed);
  // All that the client's own said, room and agents among it; but it is good for longer.
  expect(again).toMatchObject({ ok: true, value: { ...read.value, expiresAtUnixMs: expect.any(Number) } });
});

test('a token by a key that is none of ours is refused', async () => {
  const foreign = new AccessToken('third', secretOf('first'), { identity: 'eve' });
  foreign.addGrant({ room: 'lobby', roomJoin: true });
  expect(await tokens.verify(await foreign.toJwt())).toEqual({ ok: false, error: 'unknown-key' });
});

test('a maker whose clock is a minute off is believed, and no longer off is not', async () => {
  const verdict = async (nowS: number, claims: object): Promise<string> => {
    const token = await new SignJWT({ ...claims, sub: 'ada' })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer('first')
      .sign(new TextEncoder().encode(secretOf('first')));
    const read = await new AccessTokens(KEYS, { unixMs: () => nowS * 1000 }).verify(token);
    return read.ok ? 'good' : read.error;
  };
  expect(await verdict(1059, { exp: 1000 })).toBe('good');
  expect(await verdict(1061, { exp: 1000 })).toBe('expired');
  expect(await verdict(941, { nbf: 1000, exp: 2000 })).toBe('good');
  expect(await verdict(939, { nbf: 1000, exp: 2000 })).toBe('not-yet-valid');
});
