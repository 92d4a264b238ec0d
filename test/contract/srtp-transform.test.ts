import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hex } from '../../src/base/bytes.ts';
import type { SessionKeys, SrtpProfile } from '../../src/rtp/srtp/key-derivation.ts';
import { keyLength, saltLength } from '../../src/rtp/srtp/key-derivation.ts';
import { createTransform, SRTP_OVERHEAD } from '../../src/rtp/srtp/transform.ts';
import { nativeSrtp, plainSrtp, srtpEngines, srtpProfiles } from '../support/srtp-engines.ts';

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

function keysOf(profile: SrtpProfile): fc.Arbitrary<SessionKeys> {
  return fc.record({
    encryption: bytesOf(keyLength(profile)),
    authentication: bytesOf(20),
    salt: bytesOf(saltLength(profile)),
  });
}

/** A packet, where its header ends, and its source and index. */
const packets = fc.record({
  header: fc.uint8Array({ minLength: 12, maxLength: 90 }),
  payload: fc.uint8Array({ maxLength: 400 }),
  ssrc: fc.integer({ min: 0, max: 0xffffffff }),
  index: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
});
type Packet = typeof packets extends fc.Arbitrary<infer T> ? T : never;

/** With room behind it, and something before: a packet need not lie at the beginning of its memory. */
function laidOut({ header, payload }: Packet): Uint8Array {
  const bytes = new Uint8Array(7 + header.length + payload.length + SRTP_OVERHEAD).subarray(7);
  bytes.set(header);
  bytes.set(payload, header.length);
  return bytes;
}

const cases = srtpEngines.flatMap(({ name, make }) =>
  srtpProfiles.map((profile) => ({ profile, name, make })),
);

describe.each(cases)('a transform of $profile by $name', ({ profile, make }) => {
  test('opens what it has sealed, and leaves the header as it was', () => {
    fc.assert(
      fc.property(keysOf(profile), packets, (keys, packet) => {
        const { header, payload, ssrc, index } = packet;
        const bytes = laidOut(packet);
        const length = header.length + payload.length;
        const plain = hex(bytes.subarray(0, length));
        const sealed = make(profile, keys, 'rtp').sealRtp(bytes, header.length, length, ssrc, index);
        const transform = make(profile, keys, 'rtp');
        expect(sealed).toBe(length + transform.tagBytes);
        expect(hex(bytes.subarray(0, header.length))).toBe(hex(header));
        if (payload.length >= 16) expect(hex(bytes.subarray(header.length, length))).not.toBe(hex(payload));
        expect(transform.openRtp(bytes, header.length, sealed, ssrc, index)).toBe(length);
        expect(hex(bytes.subarray(0, length))).toBe(plain);
      }),
    );
  });

  test('a changed bit, SSRC or index is not authentic, and the bytes stay as they came', () => {
    fc.assert(
      fc.property(
        keysOf(profile),
        packets,
        fc.nat(),
        fc.constantFrom('bit', 'index', 'short'),
        (keys, packet, where, change) => {
          const { header, payload, ssrc, index } = packet;
          const bytes = laidOut(packet);
          const transform = make(profile, keys, 'rtp');
          const length = header.length + payload.length;
          const end = transform.sealRtp(bytes, header.length, length, ssrc, index);
          const bit = where % (8 * end);
          if (change === 'bit') bytes[bit >> 3]! ^= 1 << (bit & 7);
          const came = hex(bytes);
          const asked = change === 'index' ? (index + 65_536) % 2 ** 48 : index;
          const until = change === 'short' ? end - 1 : end;
          expect(transform.openRtp(bytes, header.length, until, ssrc, asked)).toBe(-1);
          expect(hex(bytes)).toBe(came);
        },
      ),
    );
  });

  test('SRTCP: opens what it has sealed; a changed bit is not authentic', () => {
    const indices = fc.integer({ min: 0, max: 0x7fffffff });
    fc.assert(
      fc.property(keysOf(profile), packets, indices, fc.nat(), (keys, packet, index, where) => {
        const { header, payload, ssrc } = packet;
        const bytes = laidOut(packet);
        const transform = make(profile, keys, 'rtcp');
        const length = header.length + payload.length;
        const plain = hex(bytes.subarray(0, length));
        const end = transform.sealRtcp(bytes, length, ssrc, index);
        expect(end).toBe(length + transform.tagBytes + 4);
        // GCM takes the index from its caller, who read it from the packet; AES-CM's is under the tag.
        const covered = 8 * (transform.tagBytes === 16 ? end - 4 : end);
        const bit = where % covered;
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        const came = hex(bytes);
        expect(transform.openRtcp(bytes, end, ssrc, index)).toBe(-1);
        expect(hex(bytes)).toBe(came);
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        expect(transform.openRtcp(bytes, end, ssrc, index)).toBe(length);
        expect(hex(bytes.subarray(0, length))).toBe(plain);
      }),
    );
  });

  test('what is too short to be protected is not authentic', () => {
    const keys: SessionKeys = {
      encryption: new Uint8Array(keyLength(profile)),
      authentication: new Uint8Array(20),
      salt: new Uint8Array(saltLength(profile)),
    };
    const bytes = new Uint8Array(64);
    const rtp = make(profile, keys, 'rtp');
    expect(rtp.openRtp(bytes, 12, 12 + rtp.tagBytes - 1, 1, 1)).toBe(-1);
    const rtcp = make(profile, keys, 'rtcp');
    expect(rtcp.openRtcp(bytes, 8 + rtcp.tagBytes + 3, 1, 1)).toBe(-1);
  });
});

const fast = nativeSrtp;
// Two ciphers are compared: where the addon is not built there is one, and the contract above has run on it.
describe.runIf(fast !== undefined)('the addon beside TypeScript', () => {
  const make = fast?.make ?? createTransform;

  test.each(srtpProfiles)('%s: byte for byte the same, RTP and RTCP', (profile) => {
    fc.assert(
      fc.property(keysOf(profile), packets, (keys, packet) => {
        const { header, payload, ssrc, index } = packet;
        const length = header.length + payload.length;
        const [theirs, ours] = [plainSrtp.make, make].map((engine) => {
          const rtp = laidOut(packet);
          const rtcp = laidOut(packet);
          const rtpEnd = engine(profile, keys, 'rtp').sealRtp(rtp, header.length, length, ssrc, index);
          const rtcpEnd = engine(profile, keys, 'rtcp').sealRtcp(rtcp, length, ssrc, index % 2 ** 31);
          return { rtp: hex(rtp), rtpEnd, rtcp: hex(rtcp), rtcpEnd };
        });
        expect(ours).toEqual(theirs);
      }),
    );
  });

  test('bytes outside of the memory are a bug, and are not touched', () => {
    const keys = {
      encryption: new Uint8Array(16),
      authentication: new Uint8Array(20),
      salt: new Uint8Array(12),
    };
    const transform = make('AEAD_AES_128_GCM', keys, 'rtp');
    const bytes = new Uint8Array(40);
    expect(() => transform.sealRtp(bytes, 12, 30, 1, 1)).toThrow('no room behind it');
    expect(() => transform.sealRtcp(bytes, 21, 1, 1)).toThrow('no room behind it');
    expect(() => transform.openRtp(bytes, 12, 41, 1, 1)).toThrow('no packet');
    expect(() => transform.openRtcp(bytes, 41, 1, 1)).toThrow('no packet');
    expect(() => transform.openRtp(bytes, 41, 40, 1, 1)).toThrow('no packet');
    expect(() => transform.sealRtp(bytes, 12, 20, 1, 2 ** 48)).toThrow('no packet');
    expect(() => transform.sealRtp(bytes, 12, 20, 1, -1)).toThrow('no packet');
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    expect(() => make('AEAD_AES_128_GCM', { ...keys, encryption: new Uint8Array(15) }, 'rtp')).toThrow();
    expect(() => make('AEAD_AES_128_GCM', { ...keys, salt: new Uint8Array(14) }, 'rtp')).toThrow();
  });
});
