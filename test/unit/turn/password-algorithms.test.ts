import { describe, expect, it } from 'vitest';
import { nodeDigests as digests } from '../../../src/adapters/crypto/crypto.ts';
import { StunBuilder } from '../../../src/stun/builder.ts';
import { nonce } from '../../../src/stun/fields.ts';
import { checkIntegrity, checkIntegritySha256, longTermKey } from '../../../src/stun/integrity.ts';
import type { StunMessage } from '../../../src/stun/message.ts';
import { NONCE_COOKIE, promisesPasswordAlgorithms } from '../../../src/stun/password-algorithm.ts';
import { Attribute, Method } from '../../../src/stun/registry.ts';
import { FakeClient, OFFER, PEER, REALM, TurnHarness } from './turn-harness.ts';

const FROM = { address: '198.51.100.7', port: 50_000 };

function setup() {
  return { turn: new TurnHarness(), client: new FakeClient(FROM) };
}

function sealOf(message: StunMessage, key: Uint8Array): [string, string] {
  return [checkIntegritySha256(message, digests, key), checkIntegrity(message, digests, key)];
}

describe('RFC 8489 section 9.2', () => {
  it('a challenge offers SHA-256 and MD5, and its nonce says so', () => {
    const { turn, client } = setup();
    const bare = new StunBuilder(Method.allocate, 'request', new Uint8Array(12)).finish();
    const { message, code } = turn.exchange(client, bare)!;
    expect(code).toBe(401);
    expect(message.attribute(Attribute.passwordAlgorithms)).toEqual(OFFER);
    expect(nonce(message)).toMatch(/^obMatJos2gAAB.{20}$/);
  });

  it.each(['sha256', 'md5'] as const)(
    'a client that took %s gets answers sealed as its requests are',
    (algorithm) => {
      const { turn, client } = setup();
      const credentials = turn.credentials();
      const options = { credentials, modern: { algorithm } };
      const key = longTermKey(digests, credentials.username, REALM, credentials.password, algorithm);
      for (const reply of [
        turn.allocate(client, options),
        turn.permit(client, PEER, options),
        turn.bind(client, 0x4000, PEER, options),
        turn.refresh(client, 0, options),
      ]) {
        expect(reply.code).toBeUndefined();
        expect(sealOf(reply.message, key)).toEqual(['good', 'absent']);
      }
    },
  );

  it('a refusal is sealed in the same way', () => {
    const { turn, client } = setup();
    const credentials = turn.credentials();
    const options = { credentials, modern: { algorithm: 'sha256' as const } };
    turn.allocate(client, options);
    const { message, code } = turn.permit(client, { address: '10.0.0.1', port: 80 }, options);
    const key = longTermKey(digests, credentials.username, REALM, credentials.password, 'sha256');
    expect([code, ...sealOf(message, key)]).toEqual([403, 'good', 'absent']);
  });

  it('a client of RFC 5389 is answered with MD5 and SHA-1, beside one that is not', () => {
    const { turn, client } = setup();
    const credentials = turn.credentials();
    turn.allocate(client, { credentials, modern: { algorithm: 'sha256' } });
    const { message } = turn.refresh(client, undefined, { credentials });
    const key = longTermKey(digests, credentials.username, REALM, credentials.password);
    expect(sealOf(message, key)).toEqual(['absent', 'good']);
  });

  it('a wrong password, or the key of the other algorithm: 401', () => {
    const { turn, client } = setup();
    const modern = { algorithm: 'sha256' as const };
    const wrong = { ...turn.credentials(), password: 'guess' };
    expect(turn.allocate(client, { credentials: wrong, modern }).code).toBe(401);
    const bytes = turn.request(
      client,
      Method.allocate,
      (b) => b.u32(Attribute.requestedTransport, 17 << 24),
      {
        modern,
      },
    );
    // PASSWORD-ALGORITHM says MD5 now, which the integrity does not cover with that key.
    const at = bytes.findIndex((_, i) => bytes[i] === 0 && bytes[i + 1] === 0x1d && bytes[i + 3] === 4);
    bytes[at + 5] = 1;
    expect(turn.exchange(client, bytes)!.code).toBe(401);
  });
});

describe('bid-down: 400', () => {
  it.each([
    ['a list without SHA-256', { algorithm: 'md5' as const, repeated: Uint8Array.of(0, 1, 0, 0) }],
    ['a list turned round', { algorithm: 'md5' as const, repeated: Uint8Array.of(0, 1, 0, 0, 0, 2, 0, 0) }],
    ['an empty list', { algorithm: 'sha256' as const, repeated: new Uint8Array() }],
  ])('%s', (_, modern) => {
    const { turn, client } = setup();
    expect(turn.allocate(client, { modern }).code).toBe(400);
    expect(turn.server.holds(client)).toBe(false);
  });

  it('an algorithm without the list, the list without an algorithm, or an algorithm nobody knows', () => {
    for (const attributes of [
      [[Attribute.passwordAlgorithm, Uint8Array.of(0, 2, 0, 0)]],
      [[Attribute.passwordAlgorithms, OFFER]],
      [
        [Attribute.passwordAlgorithm, Uint8Array.of(0, 9, 0, 0)],
        [Attribute.passwordAlgorithms, OFFER],
      ],
    ] as [number, Uint8Array][][]) {
      const { turn, client } = setup();
      const reply = turn.ask(client, Method.allocate, (b) => {
        b.u32(Attribute.requestedTransport, 17 << 24);
        for (const [type, value] of attributes) b.attribute(type, value);
      });
      expect(reply.code).toBe(400);
    }
  });

  it('a nonce whose cookie was changed on the way is stale', () => {
    const { turn, client } = setup();
    const given = turn.nonce(client);
    const stripped = `obMatJos2AAAA${given.slice(13)}`;
    expect(turn.allocate(client, { nonce: stripped }).code).toBe(438);
    expect(turn.allocate(client, { nonce: given.slice(13) }).code).toBe(438);
  });

  it('a cookie promises the list by either reading of its bits', () => {
    expect(NONCE_COOKIE).toBe('obMatJos2gAAB');
    for (const nonceText of ['obMatJos2gAAA', 'obMatJos2AAABrest', 'obMatJos2AAAD', `${NONCE_COOKIE}x`])
      expect(promisesPasswordAlgorithms(nonceText), nonceText).toBe(true);
    for (const nonceText of ['', 'obMatJos2', 'obMatJos2AAACf//4', 'obMatJos2QAAA', 'gAAB'])
      expect(promisesPasswordAlgorithms(nonceText), nonceText).toBe(false);
  });
});
