import { addKeyStream, expandKey } from './aes.ts';
import { GCM_TAG_BYTES, Gcm } from './gcm.ts';
import { HmacSha1 } from './hmac-sha1.ts';
import { isAead, type SessionKeys, type SrtpProfile } from './key-derivation.ts';

/** Bytes of E bit and index behind an SRTCP packet (RFC 3711 section 3.4). */
export const SRTCP_INDEX_BYTES = 4;
/** The most that protection appends to a packet: room that a buffer handed to a seal function must have. */
export const SRTP_OVERHEAD = GCM_TAG_BYTES + SRTCP_INDEX_BYTES;
const LONG_TAG_BYTES = 10;
const SHORT_TAG_BYTES = 4;

/** Seals and opens packets whose index is known. One object has the keys of one direction, of RTP or of RTCP. */
export interface PacketTransform {
  readonly tagBytes: number;
  /** Encrypts behind `headerEnd`, appends the tag, answers the new length. */
  sealRtp(bytes: Uint8Array, headerEnd: number, end: number, ssrc: number, index: number): number;
  /** Answers the length without the tag, or -1 and unchanged bytes when it is not authentic. `end` includes the tag. */
  openRtp(bytes: Uint8Array, headerEnd: number, end: number, ssrc: number, index: number): number;
  /** Encrypts behind the first 8 bytes, appends tag and index. */
  sealRtcp(bytes: Uint8Array, end: number, ssrc: number, index: number): number;
  /** As openRtp. `end` includes tag and index; the E bit is set, or the caller has refused the packet. */
  openRtcp(bytes: Uint8Array, end: number, ssrc: number, index: number): number;
}

/** Makes the transform of a profile, for RTP or for RTCP. `createTransform` needs nothing; the addon has a faster one. */
export type MakeTransform = (
  profile: SrtpProfile,
  keys: SessionKeys,
  kind: 'rtp' | 'rtcp',
) => PacketTransform;

/** Bytes of a profile's tag: a short one is RTP's alone (RFC 4568 section 6.2.2). */
export function tagLength(profile: SrtpProfile, kind: 'rtp' | 'rtcp'): number {
  if (isAead(profile)) return GCM_TAG_BYTES;
  return kind === 'rtp' && profile.endsWith('_32') ? SHORT_TAG_BYTES : LONG_TAG_BYTES;
}

/** The transforms in TypeScript alone. */
export const createTransform: MakeTransform = (profile, keys, kind) =>
  isAead(profile) ? new GcmTransform(keys) : new CmTransform(keys, tagLength(profile, kind));

function wordsOf(bytes: Uint8Array): Int32Array {
  const words = new Int32Array(4);
  for (let i = 0; i < bytes.length; i++) words[i >> 2] = words[i >> 2]! | (bytes[i]! << (24 - 8 * (i & 3)));
  return words;
}

function writeWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}

const counter = new Int32Array(4);
const associated = new Uint8Array(12);

/** AEAD_AES_128_GCM and AEAD_AES_256_GCM (RFC 7714). */
class GcmTransform implements PacketTransform {
  readonly tagBytes = GCM_TAG_BYTES;
  readonly #gcm: Gcm;
  readonly #salt: Int32Array;

  constructor(keys: SessionKeys) {
    this.#gcm = new Gcm(keys.encryption);
    this.#salt = wordsOf(keys.salt);
  }

  sealRtp(bytes: Uint8Array, headerEnd: number, end: number, ssrc: number, index: number): number {
    this.#rtpIv(ssrc, index);
    this.#gcm.seal(bytes, headerEnd, end, bytes, 0, headerEnd, counter);
    return end + GCM_TAG_BYTES;
  }

  openRtp(bytes: Uint8Array, headerEnd: number, end: number, ssrc: number, index: number): number {
    const tagAt = end - GCM_TAG_BYTES;
    if (tagAt < headerEnd) return -1;
    this.#rtpIv(ssrc, index);
    return this.#gcm.open(bytes, headerEnd, tagAt, bytes, 0, headerEnd, counter) ? tagAt : -1;
  }

  sealRtcp(bytes: Uint8Array, end: number, ssrc: number, index: number): number {
    this.#rtcpIv(ssrc, index);
    this.#associate(bytes, index);
    this.#gcm.seal(bytes, 8, end, associated, 0, 12, counter);
    writeWord(bytes, end + GCM_TAG_BYTES, index | 0x80000000);
    return end + GCM_TAG_BYTES + SRTCP_INDEX_BYTES;
  }

  openRtcp(bytes: Uint8Array, end: number, ssrc: number, index: number): number {
    const tagAt = end - GCM_TAG_BYTES - SRTCP_INDEX_BYTES;
    if (tagAt < 8) return -1;
    this.#rtcpIv(ssrc, index);
    this.#associate(bytes, index);
    return this.#gcm.open(bytes, 8, tagAt, associated, 0, 12, counter) ? tagAt : -1;
  }

  /** RFC 7714 section 8.1: zero, SSRC, roll-over counter, sequence number, added to the salt. */
  #rtpIv(ssrc: number, index: number): void {
    const sequence = index % 65536;
    const rollover = (index - sequence) / 65536;
    counter[0] = this.#salt[0]! ^ (ssrc >>> 16);
    counter[1] = this.#salt[1]! ^ ((ssrc << 16) | (rollover >>> 16));
    counter[2] = this.#salt[2]! ^ ((rollover << 16) | sequence);
  }

  /** RFC 7714 section 9.1: zero, SSRC, zero, 31-bit index, added to the salt. */
  #rtcpIv(ssrc: number, index: number): void {
    counter[0] = this.#salt[0]! ^ (ssrc >>> 16);
    counter[1] = this.#salt[1]! ^ (ssrc << 16);
    counter[2] = this.#salt[2]! ^ index;
  }

  /** RFC 7714 section 9.2: the fixed header, then the E bit with the index. */
  #associate(bytes: Uint8Array, index: number): void {
    for (let i = 0; i < 8; i++) associated[i] = bytes[i]!;
    writeWord(associated, 8, index | 0x80000000);
  }
}

const expected = new Uint8Array(LONG_TAG_BYTES);

/** AES-CM with HMAC-SHA1 (RFC 3711 sections 4.1.1 and 4.2.1, RFC 6188). */
class CmTransform implements PacketTransform {
  readonly tagBytes: number;
  readonly #keys: Int32Array;
  readonly #salt: Int32Array;
  readonly #hmac: HmacSha1;

  constructor(keys: SessionKeys, tagBytes: number) {
    this.tagBytes = tagBytes;
    this.#keys = expandKey(keys.encryption);
    this.#salt = wordsOf(keys.salt);
    this.#hmac = new HmacSha1(keys.authentication);
  }

  sealRtp(bytes: Uint8Array, headerEnd: number, end: number, ssrc: number, index: number): number {
    this.#encrypt(bytes, headerEnd, end, ssrc, index);
    this.#hmac.sign(bytes, 0, end, Math.floor(index / 65536), bytes, end, this.tagBytes);
    return end + this.tagBytes;
  }

  openRtp(bytes: Uint8Array, headerEnd: number, end: number, ssrc: number, index: number): number {
    const tagAt = end - this.tagBytes;
    if (tagAt < headerEnd) return -1;
    this.#hmac.sign(bytes, 0, tagAt, Math.floor(index / 65536), expected, 0, this.tagBytes);
    if (!isExpected(bytes, tagAt, this.tagBytes)) return -1;
    this.#encrypt(bytes, headerEnd, tagAt, ssrc, index);
    return tagAt;
  }

  sealRtcp(bytes: Uint8Array, end: number, ssrc: number, index: number): number {
    this.#encrypt(bytes, 8, end, ssrc, index);
    writeWord(bytes, end, index | 0x80000000);
    const tagAt = end + SRTCP_INDEX_BYTES;
    this.#hmac.sign(bytes, 0, tagAt, undefined, bytes, tagAt, this.tagBytes);
    return tagAt + this.tagBytes;
  }

  openRtcp(bytes: Uint8Array, end: number, ssrc: number, index: number): number {
    const tagAt = end - this.tagBytes;
    const dataEnd = tagAt - SRTCP_INDEX_BYTES;
    if (dataEnd < 8) return -1;
    this.#hmac.sign(bytes, 0, tagAt, undefined, expected, 0, this.tagBytes);
    if (!isExpected(bytes, tagAt, this.tagBytes)) return -1;
    this.#encrypt(bytes, 8, dataEnd, ssrc, index);
    return dataEnd;
  }

  /** RFC 3711 section 4.1.1: IV = salt * 2^16 + SSRC * 2^64 + index * 2^16; its low 16 bits count blocks. */
  #encrypt(bytes: Uint8Array, start: number, end: number, ssrc: number, index: number): void {
    counter[0] = this.#salt[0]!;
    counter[1] = this.#salt[1]! ^ ssrc;
    counter[2] = this.#salt[2]! ^ Math.floor(index / 65536);
    addKeyStream(this.#keys, counter, this.#salt[3]! ^ ((index % 65536) << 16), bytes, start, end);
  }
}

function isExpected(bytes: Uint8Array, at: number, length: number): boolean {
  let difference = 0;
  for (let i = 0; i < length; i++) difference |= bytes[at + i]! ^ expected[i]!;
  return difference === 0;
}
