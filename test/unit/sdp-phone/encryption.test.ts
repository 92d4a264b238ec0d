import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CRYPTO_SUITES,
  type CryptoLine,
  type CryptoSuite,
  sameKey,
  writeCrypto,
} from '../../../src/sdp/crypto.ts';
import type { EncryptionPolicy, OurEncryption } from '../../../src/sdp/encryption.ts';
import { planAnswer, writeAnswer } from '../../../src/sdp/phone-answer.ts';
import { readPhoneSdp } from '../../../src/sdp/phone-description.ts';
import { acceptAnswer, answeredLine, type PhoneOffer, writeOffer } from '../../../src/sdp/phone-offer.ts';
import { sdp } from './sdp.ts';

const LOCAL = { address: '198.51.100.5', port: 10_000, sessionId: 42, version: 1 };
const KEY = 'WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz';
const SUITES = Object.keys(CRYPTO_SUITES) as CryptoSuite[];

function keyOf(suite: CryptoSuite, fill = 7): Pick<CryptoLine, 'key' | 'salt'> {
  const { key, salt } = CRYPTO_SUITES[suite];
  return { key: new Uint8Array(key).fill(fill), salt: new Uint8Array(salt).fill(fill) };
}

function read(text: string) {
  const result = readPhoneSdp(text);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

/** The audio line of an offer with these `a=crypto`. */
function cryptoOf(...lines: string[]) {
  return read(sdp('c=IN IP4 192.0.2.9', 'm=audio 4000 RTP/SAVP 8', ...lines)).lines[0]!.audio!.crypto;
}

function answer(text: string, policy: EncryptionPolicy, before?: OurEncryption['before']) {
  const offer = read(text);
  const encryption = {
    ...{ policy, before, newKey: (suite: CryptoSuite) => keyOf(suite) },
    ...{ dtls: undefined, newTlsId: () => '' },
  };
  const plan = planAnswer(offer, ['PCMA'], { keep: undefined, direction: 'sendrecv', encryption });
  if (!plan.ok) return { fault: plan.error, text: '', crypto: undefined };
  const { crypto } = plan.value.agreement;
  return { fault: undefined, text: writeAnswer(offer, plan.value, LOCAL), crypto };
}

describe('a=crypto', () => {
  test('RFC 4568 section 9.1: key and salt, lifetime passed over', () => {
    const [line] = cryptoOf(`a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}|2^20 FEC_ORDER=FEC_SRTP`);
    expect(line).toBeUndefined();
    const [plain] = cryptoOf(`a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:${KEY}|2^20`);
    expect(plain).toMatchObject({ tag: 7, suite: 'AES_CM_128_HMAC_SHA1_80' });
    expect([plain!.key.length, plain!.salt.length]).toEqual([16, 14]);
    expect(writeCrypto(plain!)).toBe(`a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:${KEY}`);
  });

  test.each([
    ['an MKI that its bytes cannot hold', `inline:${KEY}|2^20|256:1`],
    ['an MKI of no bytes', `inline:${KEY}|1:0`],
    ['an MKI of too many bytes', `inline:${KEY}|1:129`],
    ['two keys', `inline:${KEY};inline:${KEY}`],
    ['a key that is too short', 'inline:AAAA'],
    ['a key that is too long', `inline:${KEY}AAAA`],
    ['no inline key', `uri:https://192.0.2.9/key`],
    ['SRTP without encryption', `inline:${KEY} UNENCRYPTED_SRTP`],
    ['SRTP without authentication', `inline:${KEY} UNAUTHENTICATED_SRTP`],
    ['SRTCP without encryption behind a harmless one', `inline:${KEY} WSH=64 UNENCRYPTED_SRTCP`],
    ['a key derivation rate', `inline:${KEY} KDR=1`],
  ])('is of no use with %s', (_, rest) => {
    expect(cryptoOf(`a=crypto:1 AES_CM_128_HMAC_SHA1_80 ${rest}`)).toEqual([]);
  });

  test.each(['WSH=128', '-FOO=1', 'WSH=64 -BAR', 'KDR=0'])('with %s it is', (parameters) => {
    expect(cryptoOf(`a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY} ${parameters}`)).toHaveLength(1);
  });

  test.each([
    ['|2^20|1:4', [0, 0, 0, 1]],
    ['|66051:3', [1, 2, 3]],
    ['|18446744073709551615:8', new Array(8).fill(255)],
  ])('RFC 4568 section 6.1: an MKI %s is read, and written again', (text, bytes) => {
    const [line] = cryptoOf(`a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}${text}`);
    expect([...(line?.mki ?? [])]).toEqual(bytes);
    expect(cryptoOf(writeCrypto(line!))).toEqual([line]);
  });

  test('our key in an answer has the MKI of theirs', () => {
    const marked = `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}|2^31|5:2`;
    const { text, crypto } = answer(sdp('c=IN IP4 192.0.2.9', 'm=audio 4000 RTP/SAVP 8', marked), 'required');
    expect(text).toMatch(/^a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:[^|]+\|5:2\r$/m);
    expect(crypto?.local.mki).toEqual(Uint8Array.of(0, 5));
  });

  test('unknown suites are passed over, an old name is understood', () => {
    const lines = cryptoOf(
      `a=crypto:1 F8_128_HMAC_SHA1_80 inline:${KEY}`,
      `a=crypto:2 constructor inline:${KEY}`,
      writeCrypto({ tag: 3, suite: 'AES_256_CM_HMAC_SHA1_80', ...keyOf('AES_256_CM_HMAC_SHA1_80') }).replace(
        'AES_256_CM',
        'AES_CM_256',
      ),
    );
    expect(lines).toMatchObject([{ tag: 3, suite: 'AES_256_CM_HMAC_SHA1_80' }]);
  });

  test('what is written is read', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SUITES),
        fc.nat({ max: 999_999_999 }),
        fc.uint8Array({ minLength: 46, maxLength: 46 }),
        (suite, tag, bytes) => {
          const sizes = CRYPTO_SUITES[suite];
          const key = bytes.slice(0, sizes.key);
          const salt = bytes.slice(sizes.key, sizes.key + sizes.salt);
          const [line] = cryptoOf(writeCrypto({ tag, suite, key, salt }));
          expect(line).toEqual({ tag, suite, key, salt });
          expect(sameKey(line, { tag: 0, suite, key, salt })).toBe(true);
        },
      ),
    );
  });

  test('any text: no exception', () => {
    const word = fc.stringMatching(/^[ -~]{0,60}$/);
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (words) => {
        const text = sdp(
          'c=IN IP4 192.0.2.9',
          'm=audio 4000 RTP/SAVP 8',
          ...words.map((each) => `a=crypto:${each}`),
        );
        expect(readPhoneSdp(text).ok).toBe(true);
      }),
    );
  });
});

const PLAIN = ['m=audio 4000 RTP/AVP 8'];
const SECURED = ['m=audio 4002 RTP/SAVP 8', `a=crypto:4 AES_CM_128_HMAC_SHA1_32 inline:${KEY}`];
const USELESS = ['m=audio 4002 RTP/SAVP 8', `a=crypto:4 F8_128_HMAC_SHA1_80 inline:${KEY}`];
const of = (...lines: string[]) => sdp('c=IN IP4 192.0.2.9', ...lines);

describe('what a trunk\u2019s policy makes of an offer', () => {
  test.each<[EncryptionPolicy, string, string]>([
    ['disabled', of(...SECURED), 'encryption-disabled'],
    ['required', of(...PLAIN), 'encryption-required'],
    ['required', of(...USELESS), 'no-common-crypto'],
    ['required', of(...USELESS, ...PLAIN), 'no-common-crypto'],
    ['allowed', of(...USELESS), 'no-common-crypto'],
  ])('%s refuses: %#', (policy, text, fault) => {
    expect(answer(text, policy).fault).toBe(fault);
  });

  test.each<[EncryptionPolicy, string, string[]]>([
    ['disabled', of(...SECURED, ...PLAIN), ['0 RTP/SAVP 8', '10000 RTP/AVP 8']],
    ['allowed', of(...PLAIN), ['10000 RTP/AVP 8']],
    ['allowed', of(...PLAIN, ...SECURED), ['0 RTP/AVP 8', '10000 RTP/SAVP 8']],
    ['allowed', of(...SECURED, ...PLAIN), ['10000 RTP/SAVP 8', '0 RTP/AVP 8']],
    ['allowed', of(...USELESS, ...PLAIN), ['0 RTP/SAVP 8', '10000 RTP/AVP 8']],
    ['required', of(...PLAIN, ...SECURED), ['0 RTP/AVP 8', '10000 RTP/SAVP 8']],
    // Glad of SRTP on a line of plain RTP, as some phones write it.
    ['required', of(...PLAIN, SECURED[1]!), ['10000 RTP/AVP 8']],
  ])('%s takes: %#', (policy, text, lines) => {
    const { text: ours, crypto } = answer(text, policy);
    expect([...ours.matchAll(/^m=audio (.*)\r$/gm)].map(([, line]) => line)).toEqual(lines);
    const secured = crypto !== undefined;
    expect(ours.includes('a=crypto:4 AES_CM_128_HMAC_SHA1_32 inline:')).toBe(secured);
    expect(ours).not.toContain(KEY);
  });

  test('our key stays while theirs does, under the tag of the new offer; another one of theirs brings another of ours', () => {
    const first = answer(of(...SECURED), 'required').crypto!;
    const before = { ...first, local: { ...first.local, ...keyOf(first.local.suite, 99) } };
    const hold = answer(of(SECURED[0]!, SECURED[1]!.replace(':4 ', ':5 '), 'a=sendonly'), 'required', before)
      .crypto!;
    expect(hold.local).toEqual({ ...before.local, tag: 5 });
    const rekeyed = answer(of(SECURED[0]!, SECURED[1]!.replace('WVNf', 'AAAA')), 'required', before).crypto!;
    expect(rekeyed.local.key).toEqual(keyOf(first.local.suite).key);
  });
});

describe('our own offer', () => {
  const keys = [{ tag: 1, suite: 'AES_CM_128_HMAC_SHA1_80' as const, ...keyOf('AES_CM_128_HMAC_SHA1_80') }];
  const required: PhoneOffer = {
    codecs: ['PCMA'],
    direction: 'sendrecv',
    encryption: { keys, plain: 'never' },
  };
  const allowed: PhoneOffer = { ...required, encryption: { keys, plain: 'beside' } };
  const accept = (offer: PhoneOffer, text: string) => {
    const result = acceptAnswer(offer, read(text));
    return result.ok ? result.value : result.error;
  };
  const theirs = `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}`;

  test('SRTP alone, or first with plain RTP beside it', () => {
    const lines = (offer: PhoneOffer) =>
      [...writeOffer(offer, LOCAL).matchAll(/^(m=audio|a=crypto).*\r$/gm)].map(([line]) => line.trim());
    expect(lines(required)).toEqual(['m=audio 10000 RTP/SAVP 8 101', writeCrypto(keys[0]!)]);
    expect(lines(allowed)).toEqual([
      'm=audio 10000 RTP/SAVP 8 101',
      writeCrypto(keys[0]!),
      'm=audio 10000 RTP/AVP 8 101',
    ]);
  });

  test('answers', () => {
    const secured = of('m=audio 4000 RTP/SAVP 8', theirs);
    expect(accept(required, secured)).toMatchObject({ crypto: { local: keys[0], remote: { tag: 1 } } });
    const twin = of('m=audio 4000 RTP/SAVP 8', theirs, 'm=audio 0 RTP/AVP 8');
    expect(accept(allowed, twin)).toMatchObject({ remote: { port: 4000 }, crypto: { local: keys[0] } });
    const plain = of('m=audio 0 RTP/SAVP 8', 'm=audio 4004 RTP/AVP 8');
    expect(accept(allowed, plain)).toMatchObject({ remote: { port: 4004 } });
    expect(accept(allowed, plain)).not.toHaveProperty('crypto');
    expect(answeredLine(allowed, read(plain))).toBe(1);
  });

  test.each([
    ['no key', of('m=audio 4000 RTP/SAVP 8'), 'no-common-crypto'],
    [
      'a tag that we did not offer',
      of('m=audio 4000 RTP/SAVP 8', theirs.replace(':1', ':2')),
      'no-common-crypto',
    ],
    [
      'another suite under our tag',
      of('m=audio 4000 RTP/SAVP 8', theirs.replace('SHA1_80', 'SHA1_32')),
      'no-common-crypto',
    ],
    ['plain RTP', of('m=audio 4000 RTP/AVP 8'), 'encryption-required'],
  ])('an answer with %s is none where SRTP is required', (_, text, fault) => {
    expect(accept(required, text)).toBe(fault);
  });

  test('SRTP that we did not offer is no answer', () => {
    const plain: PhoneOffer = { codecs: ['PCMA'], direction: 'sendrecv' };
    expect(accept(plain, of('m=audio 4000 RTP/SAVP 8', theirs))).toBe('encryption-disabled');
  });
});
