import { describe, expect, it } from 'vitest';
import { nodeDigests as digests } from '../../../src/adapters/crypto/crypto.ts';
import { fromHex } from '../../../src/base/bytes.ts';
import { nonce, realm, username, xorAddress } from '../../../src/stun/fields.ts';
import { checkFingerprint, checkIntegrity, longTermKey, shortTermKey } from '../../../src/stun/integrity.ts';
import { StunMessage } from '../../../src/stun/message.ts';
import { Attribute } from '../../../src/stun/registry.ts';

const KEY = shortTermKey('VOkJxbRl1RmTxUk/WvJxBt');
const REQUEST = fromHex(`
  0001 0058 2112a442 b7e7a701 bc34d686 fa87dfae
  8022 0010 5354554e 20746573 7420636c 69656e74
  0024 0004 6e0001ff
  8029 0008 932ff9b1 51263b36
  0006 0009 6576746a 3a683676 59202020
  0008 0014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2
  8028 0004 e57a3bcf`);
const RESPONSE_V4 = fromHex(`
  0101 003c 2112a442 b7e7a701 bc34d686 fa87dfae
  8022 000b 74657374 20766563 746f7220
  0020 0008 0001a147 e112a643
  0008 0014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7
  8028 0004 c07d4c96`);
const RESPONSE_V6 = fromHex(`
  0101 0048 2112a442 b7e7a701 bc34d686 fa87dfae
  8022 000b 74657374 20766563 746f7220
  0020 0014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9
  0008 0014 a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41
  8028 0004 c8fb0b4c`);
const LONG_TERM = fromHex(`
  0001 0060 2112a442 78ad3433 c6ad72c0 29da412e
  0006 0012 e3839ee3 8388e383 aae38383 e382afe3 82b90000
  0015 001c 662f2f34 39396b39 35346436 4f4c3334 6f4c3946 53547679 36347341
  0014 000b 6578616d 706c652e 6f726700
  0008 0014 f6702465 6dd64a3e 02b8e071 2e85c9a2 8ca89666`);

function parse(bytes: Uint8Array): StunMessage {
  const parsed = StunMessage.parse(bytes);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

describe('the test vectors of RFC 5769', () => {
  it('2.1 sample request: integrity, fingerprint, fields', () => {
    const message = parse(REQUEST);
    expect([message.kind, message.method, username(message)]).toEqual(['request', 1, 'evtj:h6vY']);
    expect(message.u32(Attribute.priority)).toBe(0x6e0001ff);
    expect(checkIntegrity(message, digests, KEY)).toBe('good');
    expect(checkFingerprint(message)).toBe('good');
  });

  it.each([
    ['2.2 IPv4', RESPONSE_V4, '192.0.2.1'],
    ['2.3 IPv6', RESPONSE_V6, '2001:db8:1234:5678:11:2233:4455:6677'],
  ])('%s response', (_, bytes, address) => {
    const message = parse(bytes);
    expect(message.kind).toBe('success');
    expect(xorAddress(message, Attribute.xorMappedAddress)).toEqual({ address, port: 32853 });
    expect(checkIntegrity(message, digests, KEY)).toBe('good');
    expect(checkFingerprint(message)).toBe('good');
  });

  it('2.4 request with long-term credentials', () => {
    const message = parse(LONG_TERM);
    expect([username(message), realm(message)]).toEqual(['マトリックス', 'example.org']);
    expect(nonce(message)).toBe('f//499k954d6OL34oL9FSTvy64sA');
    const key = longTermKey(digests, 'マトリックス', 'example.org', 'TheMatrIX');
    expect(checkIntegrity(message, digests, key)).toBe('good');
    expect(checkFingerprint(message)).toBe('absent');
  });

  it('any changed bit of the covered part breaks the integrity', () => {
    const covered = REQUEST.length - 8 - 24;
    for (let i = 8; i < covered; i++) {
      const bytes = REQUEST.slice();
      bytes[i]! ^= 1;
      const parsed = StunMessage.parse(bytes);
      // A flip may break the framing too, or turn an attribute into another one: it may not pass.
      if (parsed.ok) expect(checkIntegrity(parsed.value, digests, KEY)).not.toBe('good');
    }
    expect(checkIntegrity(parse(REQUEST), digests, shortTermKey('wrong'))).toBe('bad');
  });
});
