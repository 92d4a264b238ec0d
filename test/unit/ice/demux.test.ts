import { expect, it } from 'vitest';
import { newIceCredentials } from '../../../src/ice/credentials.ts';
import { classify, type PacketKind } from '../../../src/ice/demux.ts';

it('sorts every first byte as RFC 7983 section 7 has it', () => {
  for (let first = 0; first < 256; first++) {
    let kind: PacketKind = 'unknown';
    if (first <= 3) kind = 'stun';
    else if (first >= 20 && first <= 63) kind = 'dtls';
    else if (first >= 64 && first <= 79) kind = 'turn-channel';
    else if (first >= 128 && first <= 191) kind = 'rtp';
    expect(classify(Uint8Array.of(first, 0))).toBe(kind);
  }
  expect(classify(new Uint8Array())).toBe('unknown');
  expect(classify(Uint8Array.of(0x80))).toBe('unknown');
});

it('tells RTCP from RTP with and without the marker (RFC 5761 section 4)', () => {
  for (const type of [192, 200, 201, 202, 203, 204, 205, 206, 207, 223])
    expect(classify(Uint8Array.of(0x80, type))).toBe('rtcp');
  for (const type of [0, 8, 63, 96, 111, 127]) {
    expect(classify(Uint8Array.of(0x80, type))).toBe('rtp');
    expect(classify(Uint8Array.of(0x80, type | 0x80))).toBe('rtp');
  }
});

it('makes credentials long enough (RFC 8445 section 5.3)', () => {
  const random = { bytes: (length: number) => Uint8Array.from({ length }, (_, i) => i), u32: () => 1 };
  const { ufrag, pwd } = newIceCredentials(random);
  expect([ufrag.length, pwd.length]).toEqual([12, 24]);
  expect(ufrag + pwd).toMatch(/^[0-9A-Za-z]+$/);
});
