import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nodeDigests as digests } from '../../../src/adapters/crypto/crypto.ts';
import { mintTurnCredentials, parseTurnUsername, turnPassword } from '../../../src/turn/credentials.ts';
import { RelayPorts } from '../../../src/turn/relay-ports.ts';
import { seededRandom } from './turn-harness.ts';

it('mints what `openssl dgst -sha1 -hmac north -binary | base64` gives', () => {
  expect(turnPassword(digests, 'north', '1433895918:ninefingers')).toBe('jy8hTxmOO7UtEKXqSkSlvakPVYA=');
  const minted = mintTurnCredentials({
    digests,
    secret: 's',
    identity: 'alice',
    unixMs: 1_500,
    ttlSeconds: 60,
  });
  expect(minted).toEqual({ username: '61:alice', password: turnPassword(digests, 's', '61:alice') });
});

it('reads the user name back, colons and all, and never throws', () => {
  expect(parseTurnUsername('61:a:b')).toEqual({ expires: 61, identity: 'a:b' });
  for (const bad of ['', ':', '61:', ':x', 'x:61', '-1:x', '1e3:x', '9999999999999:x']) {
    expect(parseTurnUsername(bad), bad).toBeUndefined();
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      parseTurnUsername(text);
    }),
  );
});

it('gives each relay port once, and again when it was given back', () => {
  const ports = new RelayPorts([30_000, 30_009], seededRandom());
  const all = Array.from({ length: 10 }, () => ports.take('any')!);
  expect(new Set(all).size).toBe(10);
  expect([Math.min(...all), Math.max(...all)]).toEqual([30_000, 30_009]);
  expect(ports.take('any')).toBeUndefined();
  ports.give(30_003);
  expect(ports.take('even')).toBeUndefined();
  expect(ports.take('any')).toBe(30_003);
});
