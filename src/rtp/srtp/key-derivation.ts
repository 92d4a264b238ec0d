import { addKeyStream, expandKey } from './aes.ts';

/** The two protection profiles that DTLS-SRTP may agree on (RFC 5764 section 4.1.2, RFC 7714 section 14.2). */
export type SrtpProfile = 'AEAD_AES_128_GCM' | 'AES_CM_128_HMAC_SHA1_80';

/** One direction's master key and salt. The salt is 12 bytes for GCM, 14 for AES-CM. */
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
  return profile === 'AEAD_AES_128_GCM' ? 12 : 14;
}

/**
 * Derives session keys with a key derivation rate of 0 (RFC 3711 section 4.3.1; a 12-byte salt is padded on the right,
 * RFC 7714 section 11). Labels 0, 1, 2 are for RTP and 3, 4, 5 for RTCP.
 */
export function deriveSessionKeys(master: SrtpMaster, kind: 'rtp' | 'rtcp'): SessionKeys {
  const base = kind === 'rtp' ? 0 : 3;
  return {
    encryption: derive(master, base, 16),
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
