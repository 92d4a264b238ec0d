import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyLength, type SrtpProfile, saltLength } from '../../../src/rtp/srtp/key-derivation.ts';
import { MAX_MKI_BYTES, MarkedOpener, MarkedSealer } from '../../../src/rtp/srtp/mki.ts';
import { SrtpSealer } from '../../../src/rtp/srtp/session.ts';

const PROFILES: readonly SrtpProfile[] = [
  'AES_CM_128_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
  'AES_256_CM_HMAC_SHA1_80',
  'AEAD_AES_128_GCM',
];
const ROOM = 40 + MAX_MKI_BYTES;

function master(profile: SrtpProfile, fill: number) {
  return {
    key: new Uint8Array(keyLength(profile)).fill(fill),
    salt: new Uint8Array(saltLength(profile)).fill(fill),
  };
}

function packet(
  kind: 'rtp' | 'rtcp',
  payload: Uint8Array,
  sequence = 1,
): { bytes: Uint8Array; length: number } {
  const head =
    kind === 'rtp'
      ? [0x80, 8, 0, sequence, 0, 0, 0, 1, 0, 0, 0, 9]
      : [0x80, 201, 0, 1, 0, 0, 0, 9, 0, 0, 0, 0];
  const bytes = new Uint8Array(12 + payload.length + ROOM);
  bytes.set(head);
  bytes.set(payload, 12);
  return { bytes, length: 12 + payload.length };
}

test('a marked packet is the unmarked one with the mark before its tag, and opens to what it was', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...PROFILES),
      fc.constantFrom('rtp' as const, 'rtcp' as const),
      fc.uint8Array({ minLength: 1, maxLength: MAX_MKI_BYTES }),
      fc.uint8Array({ maxLength: 200 }),
      (profile, kind, mki, payload) => {
        const seal = (sealer: SrtpSealer | MarkedSealer) => {
          const { bytes, length } = packet(kind, payload);
          const sealed = kind === 'rtp' ? sealer.sealRtp(bytes, 12, length) : sealer.sealRtcp(bytes, length);
          return bytes.slice(0, Number(sealed));
        };
        const plain = seal(new SrtpSealer(profile, master(profile, 3)));
        const marked = seal(new MarkedSealer(profile, master(profile, 3), mki));
        const tag = profile.startsWith('AEAD') ? 0 : kind === 'rtp' && profile.endsWith('_32') ? 4 : 10;
        const at = plain.length - tag;
        expect([...marked]).toEqual([...plain.slice(0, at), ...mki, ...plain.slice(at)]);
        const opener = new MarkedOpener(profile, master(profile, 3), mki);
        const opened =
          kind === 'rtp' ? opener.openRtp(marked, marked.length) : opener.openRtcp(marked, marked.length);
        expect(opened).toBe(12 + payload.length);
        expect([...marked.slice(12, 12 + payload.length)]).toEqual([...payload]);
      },
    ),
  );
});

test('another mark, or none, is told from a packet that is not authentic, and neither is changed', () => {
  const profile = 'AES_CM_128_HMAC_SHA1_80';
  const sealer = new MarkedSealer(profile, master(profile, 3), Uint8Array.of(1));
  const { bytes, length } = packet('rtp', new Uint8Array(20));
  const sealed = bytes.slice(0, Number(sealer.sealRtp(bytes, 12, length)));
  const judge = (fill: number, mki: Uint8Array) => {
    const copy = sealed.slice();
    const verdict = new MarkedOpener(profile, master(profile, fill), mki).openRtp(copy, copy.length);
    expect(copy).toEqual(sealed);
    return verdict;
  };
  expect(judge(3, Uint8Array.of(2))).toBe('mki');
  expect(judge(4, Uint8Array.of(1))).toBe('unauthentic');
  expect(new MarkedOpener(profile, master(profile, 3), new Uint8Array(99)).openRtp(sealed.slice(), 14)).toBe(
    'mki',
  );
});
