import { expect, it } from 'vitest';
import { nodeDigests as digests } from '../../../src/adapters/crypto/crypto.ts';
import { fromHex, hex, utf8 } from '../../../src/base/bytes.ts';
import { nonce, realm } from '../../../src/stun/fields.ts';
import { checkIntegritySha256, longTermKey } from '../../../src/stun/integrity.ts';
import { StunMessage } from '../../../src/stun/message.ts';
import { Attribute } from '../../../src/stun/registry.ts';

/** RFC 8489 appendix B.1. */
const REQUEST = fromHex(`
  0001 009c 2112a442 78ad3433 c6ad72c0 29da412e
  001e 0020 4a3cf38f ef6992bd a952c678 0417da0f 24819415 569e60b2 05c46e41 407f1704
  0015 0029 6f624d61 744a6f73 32414141 43662f2f 3439396b 39353464 364f4c33 346f4c39 46535476 79363473 41000000
  0014 000b 6578616d 706c652e 6f726700
  001c 0020 e4686c8f 0edeb590 13e07090 010a93ef ccbccc54 4c0a45d9 f830aa6d 6f735a01`);

const key = (algorithm: 'md5' | 'sha256') =>
  longTermKey(digests, 'マトリックス', 'example.org', 'TheMatrIX', algorithm);

it('the test vector of RFC 8489 as printed: key by SHA-256, and HMAC-SHA256', () => {
  // Its length counts the header (erratum 6268), so that it is no message; the HMAC is over that header.
  expect(StunMessage.parse(REQUEST)).toEqual({ ok: false, error: 'bad-length' });
  const printed = REQUEST.slice(-32);
  expect(hex(digests.hmacSha256(key('sha256'), REQUEST.slice(0, -36)))).toEqual(hex(printed));
  expect(hex(digests.hmacSha256(key('md5'), REQUEST.slice(0, -36)))).not.toEqual(hex(printed));
});

it('the same with the length that it should have: fields, user hash and MESSAGE-INTEGRITY-SHA256', () => {
  const sealed = REQUEST.slice();
  sealed[3] = REQUEST.length - 20;
  sealed.set(digests.hmacSha256(key('sha256'), sealed.subarray(0, -36)), sealed.length - 32);
  const parsed = StunMessage.parse(sealed);
  if (!parsed.ok) throw new Error(parsed.error);
  const message = parsed.value;
  expect(nonce(message)).toBe('obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA');
  expect(realm(message)).toBe('example.org');
  expect(hex(message.attribute(Attribute.userhash)!)).toBe(
    hex(digests.sha256(utf8('マトリックス:example.org'))),
  );
  expect(checkIntegritySha256(message, digests, key('sha256'))).toBe('good');
  expect(checkIntegritySha256(message, digests, key('md5'))).toBe('bad');
});
