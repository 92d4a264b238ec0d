import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeDigests as digests } from '../../../src/adapters/crypto/crypto.ts';
import { utf8 } from '../../../src/base/bytes.ts';
import { StunBuilder } from '../../../src/stun/builder.ts';
import { errorCode, nonce, realm, username, xorAddress, xorAddresses } from '../../../src/stun/fields.ts';
import { checkFingerprint, checkIntegrity, checkIntegritySha256 } from '../../../src/stun/integrity.ts';
import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from '../../../src/stun/ip-text.ts';
import { isStun, StunMessage } from '../../../src/stun/message.ts';
import { Attribute, Method } from '../../../src/stun/registry.ts';

const ID = Uint8Array.from({ length: 12 }, (_, i) => i + 1);
const KEY = utf8('a key');

function parse(bytes: Uint8Array): StunMessage {
  const parsed = StunMessage.parse(bytes);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

/** Reads everything there is to read. */
function readAll(bytes: Uint8Array): void {
  const parsed = StunMessage.parse(bytes);
  if (!parsed.ok) return;
  const message = parsed.value;
  username(message);
  realm(message);
  nonce(message);
  errorCode(message);
  message.unknownRequired(new Set());
  for (const type of message.types()) {
    message.u32(type);
    xorAddress(message, type);
    xorAddresses(message, type);
  }
  checkIntegrity(message, digests, KEY);
  checkIntegritySha256(message, digests, KEY);
  checkFingerprint(message);
}

describe('reading', () => {
  it('never throws on any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), readAll));
  });

  it('never throws on what begins as STUN', () => {
    const attribute = fc.tuple(fc.integer({ min: 0, max: 0xffff }), fc.uint8Array({ maxLength: 40 }));
    const flip = fc.tuple(fc.nat(300), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(
        fc.array(attribute, { maxLength: 8 }),
        fc.array(flip, { maxLength: 4 }),
        (attributes, flips) => {
          const builder = new StunBuilder(Method.allocate, 'request', ID);
          for (const [type, value] of attributes) builder.attribute(type, value);
          const bytes = builder.messageIntegrity(digests, KEY).fingerprint().finish().slice();
          for (const [at, mask] of flips) if (at < bytes.length) bytes[at]! ^= mask;
          readAll(bytes);
        },
      ),
    );
  });

  it('names what is wrong with the framing', () => {
    const good = new StunBuilder(Method.binding, 'request', ID).text(Attribute.software, 'abc').finish();
    expect(StunMessage.parse(good.subarray(0, 19))).toEqual({ ok: false, error: 'short' });
    expect(StunMessage.parse(good.subarray(0, 24))).toEqual({ ok: false, error: 'bad-length' });
    expect(StunMessage.parse(Uint8Array.from([...good, 0, 0, 0, 0]))).toEqual({
      ok: false,
      error: 'bad-length',
    });
    const long = good.slice();
    long[23] = 200;
    expect(StunMessage.parse(long)).toEqual({ ok: false, error: 'bad-attribute' });
    const cookie = good.slice();
    cookie[4] = 0;
    expect(StunMessage.parse(cookie)).toEqual({ ok: false, error: 'not-stun' });
    expect([isStun(good), isStun(cookie), isStun(good.subarray(0, 8))]).toEqual([true, false, false]);
    const many = new StunBuilder(Method.binding, 'request', ID);
    for (let i = 0; i < 65; i++) many.flag(Attribute.dontFragment);
    expect(StunMessage.parse(many.finish())).toEqual({ ok: false, error: 'too-many-attributes' });
  });

  it('does not believe what comes behind the integrity', () => {
    const builder = new StunBuilder(Method.binding, 'request', ID).text(Attribute.username, 'first');
    const bytes = builder
      .messageIntegrity(digests, KEY)
      .flag(Attribute.useCandidate)
      .text(Attribute.realm, 'late');
    const message = parse(bytes.fingerprint().finish());
    expect(message.has(Attribute.useCandidate)).toBe(false);
    expect(realm(message)).toBeUndefined();
    expect(username(message)).toBe('first');
    expect(checkIntegrity(message, digests, KEY)).toBe('good');
    expect(checkFingerprint(message)).toBe('good');
  });

  it('lists the required attributes that it does not know', () => {
    const message = parse(
      new StunBuilder(Method.binding, 'request', ID)
        .flag(0x7fff)
        .flag(0xfffe)
        .flag(Attribute.useCandidate)
        .finish(),
    );
    expect(message.unknownRequired(new Set([Attribute.useCandidate]))).toEqual([0x7fff]);
  });
});

describe('writing and reading again', () => {
  const kinds = fc.constantFrom('request', 'indication', 'success', 'error');

  it('keeps method, class, transaction and every attribute', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xff }),
        kinds,
        fc.uint8Array({ minLength: 12, maxLength: 12 }),
        fc.uniqueArray(fc.integer({ min: 0x30, max: 0x7fff }), { maxLength: 10 }),
        fc.uint8Array({ maxLength: 300 }),
        (method, kind, id, types, value) => {
          const builder = new StunBuilder(method, kind, id);
          for (const type of types) builder.attribute(type, value);
          const message = parse(builder.finish());
          expect([message.method, message.kind]).toEqual([method, kind]);
          expect(message.transactionId).toEqual(id);
          expect(message.types()).toEqual(types);
          for (const type of types) expect(message.attribute(type)).toEqual(value);
        },
      ),
    );
  });

  it('keeps addresses of both families', () => {
    const address = fc.oneof(fc.ipV4(), fc.uint8Array({ minLength: 16, maxLength: 16 }).map(formatIPv6));
    fc.assert(
      fc.property(address, fc.nat(65535), (text, port) => {
        const bytes = new StunBuilder(1, 'success', ID)
          .xorAddress(Attribute.xorMappedAddress, text, port)
          .finish();
        expect(xorAddress(parse(bytes), Attribute.xorMappedAddress)).toEqual({ address: text, port });
      }),
    );
  });

  it('seals with SHA-1, SHA-256 and the fingerprint at once', () => {
    const builder = new StunBuilder(1, 'request', ID).text(Attribute.username, 'a:b');
    const bytes = builder
      .messageIntegrity(digests, KEY)
      .messageIntegritySha256(digests, KEY)
      .fingerprint()
      .finish();
    const message = parse(bytes);
    expect(checkIntegrity(message, digests, KEY)).toBe('good');
    expect(checkIntegritySha256(message, digests, KEY)).toBe('good');
    expect(checkFingerprint(message)).toBe('good');
    const broken = bytes.slice();
    broken[24]! ^= 1;
    expect(checkIntegrity(parse(broken), digests, KEY)).toBe('bad');
    expect(checkIntegritySha256(parse(broken), digests, KEY)).toBe('bad');
    expect(checkFingerprint(parse(broken))).toBe('bad');
  });

  it('writes error codes', () => {
    const message = parse(
      new StunBuilder(3, 'error', ID).errorCode(437).unknownAttributes([0x7001]).finish(),
    );
    expect(errorCode(message)).toEqual({ code: 437, reason: 'Allocation Mismatch' });
    expect([...message.attribute(Attribute.unknownAttributes)!]).toEqual([0x70, 0x01]);
  });
});

describe('address texts', () => {
  it('round trip', () => {
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        expect(formatIPv4(parseIPv4(text)!)).toBe(text);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        expect(parseIPv6(formatIPv6(bytes))).toEqual(bytes);
      }),
    );
  });

  it.each([
    '::',
    '::1',
    '2001:db8::1',
    'fe80::1:2',
    '::ffff:127.0.0.1',
    '64:ff9b::a00:1',
    '1:2:3:4:5:6:7:8',
    '1::',
  ])('keeps %s', (text) => expect(formatIPv6(parseIPv6(text)!)).toBe(text));

  it.each(['', '1.2.3', '1.2.3.4.5', '01.2.3.4', '1.2.3.256', '1..2.3', '1.2.3.4 ', '0x1.2.3.4'])(
    'refuses %j as IPv4',
    (text) => expect(parseIPv4(text)).toBeUndefined(),
  );

  it.each(['', ':', ':::', '1:2', '1::2::3', '12345::', 'g::', '1:2:3:4:5:6:7:8:9', '::1.2.3'])(
    'refuses %j as IPv6',
    (text) => expect(parseIPv6(text)).toBeUndefined(),
  );

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseIPv4(text);
        parseIPv6(text);
      }),
    );
  });
});
