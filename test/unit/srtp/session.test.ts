import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeRtpHeader, writeU32 } from '../../../src/rtp/packet.ts';
import type { SrtpProfile } from '../../../src/rtp/srtp/key-derivation.ts';
import { isAead, keyLength, saltLength } from '../../../src/rtp/srtp/key-derivation.ts';
import { estimateIndex, ReplayWindow } from '../../../src/rtp/srtp/replay-window.ts';
import { SrtpOpener, SrtpSealer } from '../../../src/rtp/srtp/session.ts';
import type { MakeTransform } from '../../../src/rtp/srtp/transform.ts';
import { srtpEngines, srtpProfiles } from '../../support/srtp-engines.ts';

function master(profile: SrtpProfile) {
  return {
    key: new Uint8Array(keyLength(profile)).fill(7),
    salt: new Uint8Array(saltLength(profile)).fill(9),
  };
}

function pair(profile: SrtpProfile, make: MakeTransform) {
  return {
    sealer: new SrtpSealer(profile, master(profile), make),
    opener: new SrtpOpener(profile, master(profile), make),
  };
}

const cases = srtpEngines.flatMap(({ name, make }) =>
  srtpProfiles.map((profile) => ({ profile, name, make })),
);

/** A sealed packet of 20 payload bytes. */
function sealed(sealer: SrtpSealer, sequence: number, ssrc = 0x1234): Uint8Array {
  const bytes = new Uint8Array(60);
  writeRtpHeader(bytes, 0, {
    payloadType: 8,
    marker: false,
    sequence,
    timestamp: 1,
    ssrc,
    extension: 'none',
  });
  bytes.fill(sequence & 255, 12, 32);
  const length = sealer.sealRtp(bytes, 12, 32);
  if (typeof length !== 'number') throw new Error(length);
  return bytes.slice(0, length);
}

function sealedRtcp(sealer: SrtpSealer): Uint8Array {
  const bytes = new Uint8Array(40);
  bytes.set([0x80, 201, 0, 1]);
  writeU32(bytes, 4, 77);
  const length = sealer.sealRtcp(bytes, 8);
  if (typeof length !== 'number') throw new Error(length);
  return bytes.slice(0, length);
}

describe.each(cases)('$profile by $name', ({ profile, make }) => {
  test('T4: a burst loss of 300 around the wrap of the sequence number hurts nothing behind it', () => {
    const { sealer, opener } = pair(profile, make);
    let index = 65536 - 600;
    let opened = 0;
    for (let i = 0; i < 1200; i++, index++) {
      const packet = sealed(sealer, index & 0xffff);
      const lost = index >= 65536 - 150 && index < 65536 + 150;
      if (lost) continue;
      const length = opener.openRtp(packet, packet.length);
      expect(length).toBe(32);
      expect(packet[20]).toBe(index & 255);
      opened++;
    }
    expect(opened).toBe(900);
  });

  test('several wraps, and packets that come late across one', () => {
    const { sealer, opener } = pair(profile, make);
    const late: Uint8Array[] = [];
    for (let index = 100; index < 3 * 65536; index += 50) {
      const packet = sealed(sealer, index & 0xffff);
      if ((index & 0xffff) > 65400) late.push(packet);
      else expect(opener.openRtp(packet, packet.length)).toBe(32);
      if ((index & 0xffff) < 60 && index > 65536) {
        for (const held of late.splice(0)) expect(opener.openRtp(held, held.length)).toBe(32);
      }
    }
  });

  test('T5: a repeated SRTP packet is taken once', () => {
    const { sealer, opener } = pair(profile, make);
    const packet = sealed(sealer, 500);
    const answers = [1, 2, 3].map(() => opener.openRtp(packet.slice(), packet.length));
    expect(answers).toEqual([32, 'replayed', 'replayed']);
    for (let s = 501; s < 2000; s++) {
      const next = sealed(sealer, s);
      opener.openRtp(next, next.length);
    }
    expect(opener.openRtp(packet.slice(), packet.length)).toBe('old');
  });

  test('T5: a repeated SRTCP packet is taken once', () => {
    const { sealer, opener } = pair(profile, make);
    const first = sealedRtcp(sealer);
    const second = sealedRtcp(sealer);
    expect(opener.openRtcp(second.slice(), second.length)).toBe(8);
    expect(opener.openRtcp(first.slice(), first.length)).toBe(8);
    expect(opener.openRtcp(first.slice(), first.length)).toBe('replayed');
    expect(opener.openRtcp(second.slice(), second.length)).toBe('replayed');
  });

  test('a forged packet changes no state: neither the window nor the roll-over counter', () => {
    const { sealer, opener } = pair(profile, make);
    const good = sealed(sealer, 10);
    expect(opener.openRtp(good, good.length)).toBe(32);
    for (const sequence of [11, 40000, 65535]) {
      const forged = good.slice();
      forged[2] = sequence >> 8;
      forged[3] = sequence;
      expect(typeof opener.openRtp(forged, forged.length)).toBe('string');
    }
    const next = sealed(sealer, 11);
    expect(opener.openRtp(next, next.length)).toBe(32);
  });

  test('the sealer never uses an index twice', () => {
    const { sealer } = pair(profile, make);
    sealed(sealer, 5);
    expect(() => sealed(sealer, 5)).toThrow('replayed');
    sealed(sealer, 7);
    sealed(sealer, 6);
    expect(() => sealed(sealer, 6)).toThrow('replayed');
  });

  test('sources are bounded', () => {
    const { sealer, opener } = pair(profile, make);
    for (let ssrc = 1; ssrc <= 512; ssrc++) {
      const packet = sealed(sealer, 1, ssrc);
      expect(opener.openRtp(packet, packet.length)).toBe(32);
    }
    const packet = sealed(sealer, 1, 513);
    expect(opener.openRtp(packet, packet.length)).toBe('ssrcs');
  });

  test('unencrypted SRTCP is refused', () => {
    const { sealer, opener } = pair(profile, make);
    const packet = sealedRtcp(sealer);
    const indexAt = isAead(profile) ? packet.length - 4 : packet.length - 14;
    packet[indexAt]! &= 0x7f;
    expect(opener.openRtcp(packet, packet.length)).toBe('unencrypted');
  });

  test('no bytes make it throw', () => {
    const { opener } = pair(profile, make);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, versioned) => {
        if (versioned && bytes.length > 0) bytes[0] = 0x80 | (bytes[0]! & 0x3f);
        expect(typeof opener.openRtp(bytes, bytes.length)).toBe('string');
        expect(typeof opener.openRtcp(bytes, bytes.length)).toBe('string');
      }),
    );
  });
});

test('RFC 3711 section 3.3.1: the index is the one nearest to the highest so far', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 40000, max: 2 ** 40 }),
      fc.integer({ min: -32767, max: 32767 }),
      (highest, step) => {
        expect(estimateIndex(highest, (((highest + step) % 65536) + 65536) % 65536)).toBe(highest + step);
      },
    ),
  );
  expect(estimateIndex(3, 65535)).toBe(-1);
});

test('the window says of every index what a set would say', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 200 }), (indices) => {
      const window = new ReplayWindow();
      const seen = new Set<number>();
      let highest = -1;
      for (const index of indices) {
        const expected = index <= highest - 1024 ? 'old' : seen.has(index) ? 'replayed' : 'fresh';
        expect(window.judge(index)).toBe(expected);
        if (expected !== 'fresh') continue;
        window.accept(index);
        seen.add(index);
        highest = Math.max(highest, index);
      }
    }),
  );
});
