/**
 * The master key identifier of SRTP and SRTCP packets (RFC 3711 section 3.1): a few bytes between what is encrypted and its
 * tag, which nothing authenticates. With AES-GCM, whose tag is part of what is encrypted, they are the last of the packet (RFC
 * 7714 sections 8 and 9).
 */
import { isAead, type SrtpMaster, type SrtpProfile } from './key-derivation.ts';
import { type SrtpFault, SrtpOpener, SrtpSealer } from './session.ts';
import type { MakeTransform } from './transform.ts';

/** The longest that SDP can name, bytes (RFC 4568 section 6.1): room that a buffer needs beside `SRTP_OVERHEAD`. */
export const MAX_MKI_BYTES = 128;

/** Bytes of a sealed packet that stand behind its identifier. */
export function tagBehindMki(profile: SrtpProfile, kind: 'rtp' | 'rtcp'): number {
  if (isAead(profile)) return 0;
  return kind === 'rtp' && profile.endsWith('_32') ? 4 : 10;
}

/** Puts `mki` into the sealed packet `bytes[0, length)` and answers its new length; there must be room. */
export function insertMki(bytes: Uint8Array, length: number, tag: number, mki: Uint8Array): number {
  bytes.copyWithin(length - tag + mki.length, length - tag, length);
  bytes.set(mki, length - tag);
  return length + mki.length;
}

/** Takes `mki` out again and answers the length without it; -1 and unchanged bytes when it is not there. */
export function removeMki(bytes: Uint8Array, length: number, tag: number, mki: Uint8Array): number {
  const at = length - tag - mki.length;
  if (at < 0) return -1;
  for (let i = 0; i < mki.length; i++) if (bytes[at + i] !== mki[i]) return -1;
  bytes.copyWithin(at, at + mki.length, length);
  return length - mki.length;
}

/** An opener whose packets bear an identifier, while `mki` is set; without it they pass as they are. */
export class MarkedOpener {
  /** What opens packets once they are unmarked. */
  readonly opener: SrtpOpener;
  readonly #profile: SrtpProfile;
  mki: Uint8Array | undefined;

  constructor(profile: SrtpProfile, master: SrtpMaster, mki?: Uint8Array, make?: MakeTransform) {
    this.opener = new SrtpOpener(profile, master, make);
    this.#profile = profile;
    this.mki = mki;
  }

  openRtp(bytes: Uint8Array, length: number): number | SrtpFault | 'mki' {
    if (this.mki === undefined) return this.opener.openRtp(bytes, length);
    return this.#unmarked('rtp', this.mki, bytes, length, (plain) => this.opener.openRtp(bytes, plain));
  }

  openRtcp(bytes: Uint8Array, length: number): number | SrtpFault | 'mki' {
    if (this.mki === undefined) return this.opener.openRtcp(bytes, length);
    return this.#unmarked('rtcp', this.mki, bytes, length, (plain) => this.opener.openRtcp(bytes, plain));
  }

  #unmarked(
    kind: 'rtp' | 'rtcp',
    mki: Uint8Array,
    bytes: Uint8Array,
    length: number,
    open: (length: number) => number | SrtpFault,
  ): number | SrtpFault | 'mki' {
    const tag = tagBehindMki(this.#profile, kind);
    const unmarked = removeMki(bytes, length, tag, mki);
    if (unmarked < 0) return 'mki';
    const opened = open(unmarked);
    // Another key may fit: the packet shall be what it was.
    if (typeof opened !== 'number') insertMki(bytes, unmarked, tag, mki);
    return opened;
  }
}

/** A sealer that marks its packets, while `mki` is set; they then need `MAX_MKI_BYTES` more room. */
export class MarkedSealer {
  /** What seals packets before they are marked. */
  readonly sealer: SrtpSealer;
  readonly #profile: SrtpProfile;
  mki: Uint8Array | undefined;

  constructor(profile: SrtpProfile, master: SrtpMaster, mki?: Uint8Array, make?: MakeTransform) {
    this.sealer = new SrtpSealer(profile, master, make);
    this.#profile = profile;
    this.mki = mki;
  }

  sealRtp(bytes: Uint8Array, headerEnd: number, length: number): number | SrtpFault {
    return this.#marked('rtp', bytes, this.sealer.sealRtp(bytes, headerEnd, length));
  }

  sealRtcp(bytes: Uint8Array, length: number): number | SrtpFault {
    return this.#marked('rtcp', bytes, this.sealer.sealRtcp(bytes, length));
  }

  #marked(kind: 'rtp' | 'rtcp', bytes: Uint8Array, sealed: number | SrtpFault): number | SrtpFault {
    if (this.mki === undefined || typeof sealed !== 'number') return sealed;
    return insertMki(bytes, sealed, tagBehindMki(this.#profile, kind), this.mki);
  }
}
