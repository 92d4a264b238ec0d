import { addKeyStream, expandKey } from './aes.ts';

/**
 * How packets are protected, by the names of SDP's crypto suites (RFC 4568 section 6.2, RFC 6188 section 4, RFC 7714 section
 * 14.1). DTLS-SRTP may agree on AEAD_AES_128_GCM and AES_CM_128_HMAC_SHA1_80 (RFC 5764
 * section 4.1.2, RFC 7714 section 14.2).
 */
export type SrtpProfile =
  | 'AEAD_AES_128_GCM'
  | 'AEAD_AES_256_GCM'
  | 'AES_CM_128_HMAC_SHA1_80'
  | 'AES_CM_128_HMAC_SHA1_32'
  | 'AES_256_CM_HMAC_SHA1_80'
  | 'AES_256_CM_HMAC_SHA1_32';

/** One direction's master key (16 or 32 bytes) and salt. The salt is 12 bytes for GCM, 14 for AES-CM. */
export interface SrtpMaster {
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
}

/** Session keys of one direction, for RTP or for RTCP. */
export interface SessionKeys {
  readonly encryption: Uint8Array;
  /** 20 bytes; GCM does not use it. */
  readonly authentication: Uint8Array;
  /** As long as the master salt. */
  readonly salt: Uint8Array;
}

/** Bytes of master salt of a profile. */
export function saltLength(profile: SrtpProfile): 12 | 14 {
  return isAead(profile) ? 12 : 14;
}

/** Bytes of master key of a profile. */
export function keyLength(profile: SrtpProfile): 16 | 32 {
  return profile.includes('_256_') ? 32 : 16;
}

/** Whether the profile's cipher authenticates by itself (RFC 7714). */
export function isAead(profile: SrtpProfile): boolean {
  return profile === 'AEAD_AES_128_GCM' || profile === 'AEAD_AES_256_GCM';
}

/**
 * Derives session keys with a key derivation rate of 0 (RFC 3711 section 4.3.1; a 12-byte salt is padded on the right,
 * RFC 7714 section 11; a key of 32 bytes by AES-256, RFC 6188 section 3). Labels 0, 1, 2 are for RTP and 3, 4, 5 for RTCP.
 */
export function deriveSessionKeys(master: SrtpMaster, kind: 'rtp' | 'rtcp'): SessionKeys {
  const base = kind === 'rtp' ? 0 : 3;
  return {
    encryption: derive(master, base, master.key.length),
    authentication: derive(master, base + 1, 20),
    salt: derive(master, base + 2, master.salt.length),
  };
}

function derive(master: SrtpMaster, label: number, length: number): Uint8Array {
  const block = new Uint8Array(16);
  block.set(master.salt);
  block[7] = block[7]! ^ label;
  const words = new Int32Array(4);
  for (let i = 0; i < 16; i++) words[i >> 2] = words[i >> 2]! | (block[i]! << (24 - 8 * (i & 3)));
  const out = new Uint8Array(length);
  addKeyStream(expandKey(master.key), words, words[3]!, out, 0, length);
  return out;
}
