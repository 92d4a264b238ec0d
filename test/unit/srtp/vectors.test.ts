import { createCipheriv, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromHex, hex } from '../../../src/base/bytes.ts';
import { addKeyStream, encryptBlock, expandKey } from '../../../src/rtp/srtp/aes.ts';
import { Gcm } from '../../../src/rtp/srtp/gcm.ts';
import { HmacSha1 } from '../../../src/rtp/srtp/hmac-sha1.ts';
import { deriveSessionKeys } from '../../../src/rtp/srtp/key-derivation.ts';
import { srtpEngines } from '../../support/srtp-engines.ts';

function words(bytes: Uint8Array): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Int32Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(4 * i));
}

const aesKey = fc
  .constantFrom(16, 32)
  .chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));

test('FIPS 197 appendix C.1: AES-128', () => {
  const out = new Int32Array(4);
  const [a, b, c, d] = words(fromHex('00112233445566778899aabbccddeeff'));
  encryptBlock(expandKey(fromHex('000102030405060708090a0b0c0d0e0f')), a!, b!, c!, d!, out);
  expect(out).toEqual(words(fromHex('69c4e0d86a7b0430d8cdb78070b4c55a')));
});

test('RFC 3711 appendix B.2: AES-CM key stream', () => {
  const stream = new Uint8Array(48);
  const start = words(fromHex('f0f1f2f3f4f5f6f7f8f9fafbfcfd0000'));
  addKeyStream(expandKey(fromHex('2b7e151628aed2a6abf7158809cf4f3c')), start, start[3]!, stream, 0, 48);
  expect(hex(stream)).toBe(
    'e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0',
  );
});

test('RFC 3711 appendix B.3: key derivation', () => {
  const keys = deriveSessionKeys(
    { key: fromHex('E1F97A0D3E018BE0D64FA32C06DE4139'), salt: fromHex('0EC675AD498AFEEBB6960B3AABE6') },
    'rtp',
  );
  expect(hex(keys.encryption)).toBe('c61e7a93744f39ee10734afe3ff7a087');
  expect(hex(keys.salt)).toBe('30cbbc08863d8c85d49db34a9ae1');
  expect(hex(keys.authentication)).toBe('cebe321f6ff7716b6fd4ab49af256a156d38baa4');
});

test.each(srtpEngines)(
  'RFC 7714 section 16.1.1: an SRTP packet with AEAD_AES_128_GCM, by $name',
  ({ make }) => {
    const plain = fromHex(
      '8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573',
    );
    const bytes = new Uint8Array(plain.length + 20);
    bytes.set(plain);
    const transform = make(
      'AEAD_AES_128_GCM',
      {
        encryption: fromHex('000102030405060708090a0b0c0d0e0f'),
        authentication: new Uint8Array(20),
        salt: fromHex('517569642070726f2071756f'),
      },
      'rtp',
    );
    const end = transform.sealRtp(bytes, 12, plain.length, 0x5501a0b2, 0xf17b);
    expect(hex(bytes.subarray(0, end))).toBe(
      '8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833' +
        '899d7f27beb16a9152cf765ee4390cce',
    );
    expect(transform.openRtp(bytes, 12, end, 0x5501a0b2, 0xf17b)).toBe(plain.length);
    expect(hex(bytes.subarray(0, plain.length))).toBe(hex(plain));
  },
);

test('FIPS 197 appendix C.3: AES-256', () => {
  const out = new Int32Array(4);
  const [a, b, c, d] = words(fromHex('00112233445566778899aabbccddeeff'));
  const key = fromHex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f');
  encryptBlock(expandKey(key), a!, b!, c!, d!, out);
  expect(out).toEqual(words(fromHex('8ea2b7ca516745bfeafc49904b496089')));
});

test('RFC 6188 section 7.1: AES-256-CM key stream', () => {
  const stream = new Uint8Array(48);
  const start = words(fromHex('f0f1f2f3f4f5f6f7f8f9fafbfcfd0000'));
  const key = fromHex('57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98');
  addKeyStream(expandKey(key), start, start[3]!, stream, 0, 48);
  expect(hex(stream)).toBe(
    '92bdd28a93c3f52511c677d08b5515a49da71b2378a854f67050756ded165bac63c4868b7096d88421b563b8c94c9a31',
  );
});

test('RFC 6188 section 7.3: key derivation with AES-256', () => {
  const keys = deriveSessionKeys(
    {
      key: fromHex('f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6'),
      salt: fromHex('3b04803de51ee7c96423ab5b78d2'),
    },
    'rtp',
  );
  expect(hex(keys.encryption)).toBe('5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4');
  expect(hex(keys.salt)).toBe('fa31791685ca444a9e07c6c64e93');
  expect(hex(keys.authentication)).toBe('fd9c32d39ed5fbb5a9dc96b30818454d1313dc05');
});

test.each(srtpEngines)(
  'RFC 7714 section 16.2.1: an SRTP packet with AEAD_AES_256_GCM, by $name',
  ({ make }) => {
    const plain = fromHex(
      '8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573',
    );
    const bytes = new Uint8Array(plain.length + 20);
    bytes.set(plain);
    const keys = {
      encryption: fromHex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'),
      authentication: new Uint8Array(20),
      salt: fromHex('517569642070726f2071756f'),
    };
    const transform = make('AEAD_AES_256_GCM', keys, 'rtp');
    const end = transform.sealRtp(bytes, 12, plain.length, 0x5501a0b2, 0xf17b);
    expect(hex(bytes.subarray(0, end))).toBe(
      '8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b' +
        '7aa3db36dfffd6b0f9bb7878d7a76c13',
    );
  },
);

test.each(srtpEngines)(
  'RFC 3711 appendix B keys: the packet that libsrtp checks itself with, by $name',
  ({ make }) => {
    const keys = deriveSessionKeys(
      { key: fromHex('E1F97A0D3E018BE0D64FA32C06DE4139'), salt: fromHex('0EC675AD498AFEEBB6960B3AABE6') },
      'rtp',
    );
    const plain = fromHex(`800f1234decafbadcafebabe${'ab'.repeat(16)}`);
    const bytes = new Uint8Array(plain.length + 20);
    bytes.set(plain);
    const transform = make('AES_CM_128_HMAC_SHA1_80', keys, 'rtp');
    const end = transform.sealRtp(bytes, 12, plain.length, 0xcafebabe, 0x1234);
    expect(hex(bytes.subarray(0, end))).toBe(
      '800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb',
    );
    expect(transform.openRtp(bytes, 12, end, 0xcafebabe, 0x1234)).toBe(plain.length);
    expect(hex(bytes.subarray(0, plain.length))).toBe(hex(plain));
  },
);

test.each(srtpEngines)(
  'RFC 7714 section 17.1: an SRTCP packet with AEAD_AES_128_GCM, by $name',
  ({ make }) => {
    const plain = fromHex(
      '81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef',
    );
    const bytes = new Uint8Array(plain.length + 20);
    bytes.set(plain);
    const keys = {
      encryption: fromHex('000102030405060708090a0b0c0d0e0f'),
      authentication: new Uint8Array(20),
      salt: fromHex('517569642070726f2071756f'),
    };
    const transform = make('AEAD_AES_128_GCM', keys, 'rtcp');
    const end = transform.sealRtcp(bytes, plain.length, 0x4d617273, 0x5d4);
    expect(hex(bytes.subarray(0, end))).toBe(
      '81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b' +
        'c84aa45896cf4d2fc5abf87245d9eade800005d4',
    );
    expect(transform.openRtcp(bytes, end, 0x4d617273, 0x5d4)).toBe(plain.length);
    expect(hex(bytes.subarray(0, plain.length))).toBe(hex(plain));
  },
);

test.each(srtpEngines)('a short tag is RTP\u2019s alone (RFC 4568 section 6.2.2), by $name', ({ make }) => {
  const keys = {
    encryption: new Uint8Array(16),
    authentication: new Uint8Array(20),
    salt: new Uint8Array(14),
  };
  expect(make('AES_CM_128_HMAC_SHA1_32', keys, 'rtp').tagBytes).toBe(4);
  expect(make('AES_CM_128_HMAC_SHA1_32', keys, 'rtcp').tagBytes).toBe(10);
});

test('GCM is byte for byte that of node:crypto, and opens its own', () => {
  fc.assert(
    fc.property(
      aesKey,
      fc.uint8Array({ minLength: 12, maxLength: 12 }),
      fc.uint8Array({ maxLength: 50 }),
      fc.uint8Array({ maxLength: 300 }),
      (key, iv, aad, plain) => {
        const cipher = createCipheriv(`aes-${key.length === 32 ? 256 : 128}-gcm`, key, iv).setAAD(aad);
        const reference = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
        const bytes = new Uint8Array(aad.length + plain.length + 16);
        bytes.set(aad);
        bytes.set(plain, aad.length);
        const gcm = new Gcm(key);
        const end = aad.length + plain.length;
        gcm.seal(bytes, aad.length, end, bytes, 0, aad.length, words(iv));
        expect(hex(bytes.subarray(aad.length))).toBe(reference.toString('hex'));
        const flipped = bytes.slice();
        flipped[flipped.length - 1]! ^= 1;
        expect(gcm.open(flipped, aad.length, end, flipped, 0, aad.length, words(iv))).toBe(false);
        expect(gcm.open(bytes, aad.length, end, bytes, 0, aad.length, words(iv))).toBe(true);
        expect(hex(bytes.subarray(aad.length, end))).toBe(hex(plain));
      },
    ),
  );
});

test('AES-CTR and HMAC-SHA1 are byte for byte those of node:crypto', () => {
  fc.assert(
    fc.property(
      aesKey,
      fc.uint8Array({ minLength: 14, maxLength: 14 }),
      fc.uint8Array({ maxLength: 300 }),
      fc.option(fc.integer({ min: 0, max: 0xffffffff }), { nil: undefined }),
      (key, salt, data, suffix) => {
        const iv = new Uint8Array(16);
        iv.set(salt);
        const mine = data.slice();
        addKeyStream(expandKey(key), words(iv), words(iv)[3]!, mine, 0, mine.length);
        expect(hex(mine)).toBe(
          createCipheriv(`aes-${8 * key.length}-ctr`, key, iv)
            .update(data)
            .toString('hex'),
        );
        const hmac = createHmac('sha1', key).update(data);
        if (suffix !== undefined) hmac.update(words4(suffix));
        const tag = new Uint8Array(20);
        new HmacSha1(key).sign(data, 0, data.length, suffix, tag, 0, 20);
        expect(hex(tag)).toBe(hmac.digest('hex'));
      },
    ),
  );
});

function words4(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}
