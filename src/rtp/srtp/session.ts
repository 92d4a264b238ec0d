import { readU32 } from '../packet.ts';
import type { SrtpMaster, SrtpProfile } from './key-derivation.ts';
import { deriveSessionKeys } from './key-derivation.ts';
import { estimateIndex, ReplayWindow } from './replay-window.ts';
import type { MakeTransform, PacketTransform } from './transform.ts';
import { createTransform, SRTCP_INDEX_BYTES } from './transform.ts';

/** Why a packet was not opened or sealed. `ssrcs`: more sources than one peer may have. */
export type SrtpFault = 'short' | 'malformed' | 'unauthentic' | 'replayed' | 'old' | 'ssrcs' | 'unencrypted';

/** Sources that one direction of one association may have over its life: publishing again makes new ones. */
const MAX_SOURCES = 512;
const MAX_SRTCP_INDEX = 0x7fffffff;

/** Length of an RTP header with CSRCs and extension, or 0 when the bytes hold none (the padding is not looked at). */
export function rtpHeaderLength(bytes: Uint8Array, length: number): number {
  if (length < 12 || bytes[0]! >> 6 !== 2) return 0;
  let end = 12 + 4 * (bytes[0]! & 0x0f);
  if (bytes[0]! & 0x10) {
    if (end + 4 > length) return 0;
    end += 4 + 4 * ((bytes[end + 2]! << 8) | bytes[end + 3]!);
  }
  return end <= length ? end : 0;
}

/** Opens what one peer sends. State changes only after a packet proved authentic (RFC 3711 section 3.3). */
export class SrtpOpener {
  readonly #rtp: PacketTransform;
  readonly #rtcp: PacketTransform;
  readonly #rtpWindows = new Map<number, ReplayWindow>();
  readonly #rtcpWindows = new Map<number, ReplayWindow>();

  constructor(profile: SrtpProfile, master: SrtpMaster, make: MakeTransform = createTransform) {
    this.#rtp = make(profile, deriveSessionKeys(master, 'rtp'), 'rtp');
    this.#rtcp = make(profile, deriveSessionKeys(master, 'rtcp'), 'rtcp');
  }

  /** Opens `bytes[0, length)` in place. Answers the plain packet's length, or why not; then the bytes are unchanged. */
  openRtp(bytes: Uint8Array, length: number): number | SrtpFault {
    const headerEnd = rtpHeaderLength(bytes, length);
    if (headerEnd === 0) return length < 12 ? 'short' : 'malformed';
    if (length < headerEnd + this.#rtp.tagBytes) return 'short';
    const ssrc = readU32(bytes, 8);
    const known = this.#rtpWindows.get(ssrc);
    if (known === undefined && this.#rtpWindows.size >= MAX_SOURCES) return 'ssrcs';
    const index = estimateIndex(known?.highest ?? -1, (bytes[2]! << 8) | bytes[3]!);
    if (index < 0) return 'old';
    const judged = known?.judge(index) ?? 'fresh';
    if (judged !== 'fresh') return judged;
    const end = this.#rtp.openRtp(bytes, headerEnd, length, ssrc, index);
    if (end < 0) return 'unauthentic';
    const window = known ?? new ReplayWindow();
    if (known === undefined) this.#rtpWindows.set(ssrc, window);
    window.accept(index);
    return end;
  }

  /** For somebody who opens packets of a source meanwhile: by what, and the highest index so far; undefined before its first. */
  lend(ssrc: number): { readonly by: PacketTransform; readonly highest: number } | undefined {
    const window = this.#rtpWindows.get(ssrc);
    return window && { by: this.#rtp, highest: window.highest };
  }

  /** A packet of a source was opened elsewhere: it is not opened again. */
  openedElsewhere(ssrc: number, sequence: number): void {
    const window = this.#rtpWindows.get(ssrc);
    window?.accept(estimateIndex(window.highest, sequence));
  }

  /** Opens an SRTCP compound in place (RFC 3711 section 3.4). */
  openRtcp(bytes: Uint8Array, length: number): number | SrtpFault {
    const trailer = SRTCP_INDEX_BYTES + this.#rtcp.tagBytes;
    if (length < 8 + trailer) return 'short';
    if (bytes[0]! >> 6 !== 2) return 'malformed';
    // GCM has the index last, behind the tag; AES-CM has the tag last (RFC 7714 section 9.2, RFC 3711 figure 2).
    const indexAt = this.#rtcp.tagBytes === 16 ? length - SRTCP_INDEX_BYTES : length - trailer;
    const word = readU32(bytes, indexAt);
    if (word >>> 31 === 0) return 'unencrypted';
    const index = word & MAX_SRTCP_INDEX;
    const ssrc = readU32(bytes, 4);
    const known = this.#rtcpWindows.get(ssrc);
    if (known === undefined && this.#rtcpWindows.size >= MAX_SOURCES) return 'ssrcs';
    const judged = known?.judge(index) ?? 'fresh';
    if (judged !== 'fresh') return judged;
    const end = this.#rtcp.openRtcp(bytes, length, ssrc, index);
    if (end < 0) return 'unauthentic';
    const window = known ?? new ReplayWindow();
    if (known === undefined) this.#rtcpWindows.set(ssrc, window);
    window.accept(index);
    return end;
  }
}

/** Seals what we send to one peer. It never uses an index twice: that would give GCM's key away. */
export class SrtpSealer {
  readonly #rtp: PacketTransform;
  readonly #rtcp: PacketTransform;
  readonly #windows = new Map<number, ReplayWindow>();
  #rtcpIndex = 0;

  constructor(profile: SrtpProfile, master: SrtpMaster, make: MakeTransform = createTransform) {
    this.#rtp = make(profile, deriveSessionKeys(master, 'rtp'), 'rtp');
    this.#rtcp = make(profile, deriveSessionKeys(master, 'rtcp'), 'rtcp');
  }

  /**
   * Seals the RTP packet `bytes[0, length)`, whose header is `headerEnd` long, in place; behind it must be room for
   * `SRTP_OVERHEAD` bytes. Answers the new length, or why not.
   */
  sealRtp(bytes: Uint8Array, headerEnd: number, length: number): number | SrtpFault {
    const ssrc = readU32(bytes, 8);
    const index = this.admit(ssrc, (bytes[2]! << 8) | bytes[3]!);
    return typeof index === 'string' ? index : this.#rtp.sealRtp(bytes, headerEnd, length, ssrc, index);
  }

  /** By what RTP is sealed, for somebody who seals packets that {@link admit} has let through. */
  get by(): PacketTransform {
    return this.#rtp;
  }

  /** The index of the next packet with that source and number, which is used from now on; or why it must not be sealed. */
  admit(ssrc: number, sequence: number): number | SrtpFault {
    let window = this.#windows.get(ssrc);
    if (window === undefined) {
      if (this.#windows.size >= MAX_SOURCES * 16) return 'ssrcs';
      window = new ReplayWindow();
      this.#windows.set(ssrc, window);
    }
    const index = estimateIndex(window.highest, sequence);
    if (index < 0) return 'old';
    const judged = window.judge(index);
    if (judged !== 'fresh') return judged;
    window.accept(index);
    return index;
  }

  /**
   * For somebody who seals the next packets of a source: by what, and the index of the one with `sequence`; undefined when
   * that was used, or nothing was sealed before.
   */
  lend(ssrc: number, sequence: number): { readonly by: PacketTransform; readonly next: number } | undefined {
    const window = this.#windows.get(ssrc);
    const next = window === undefined ? -1 : estimateIndex(window.highest, sequence);
    return window === undefined || next <= window.highest ? undefined : { by: this.#rtp, next };
  }

  /** So many packets from index `next` on were sealed elsewhere: theirs are used. */
  sealedElsewhere(ssrc: number, next: number, count: number): void {
    const window = this.#windows.get(ssrc);
    for (let i = 0; i < count; i++) window?.accept(next + i);
  }

  /** Seals an RTCP compound in place; same room, same answer. */
  sealRtcp(bytes: Uint8Array, length: number): number | SrtpFault {
    if (length < 8) return 'short';
    if (this.#rtcpIndex >= MAX_SRTCP_INDEX) return 'old';
    this.#rtcpIndex++;
    return this.#rtcp.sealRtcp(bytes, length, readU32(bytes, 4), this.#rtcpIndex);
  }
}
