import { utf8 } from '../base/bytes.ts';
import type { Millis } from '../base/clock.ts';
import { NO_LEVEL } from '../rtp/packet.ts';

/** Header extension ids (RFC 8285) that one peer takes; 0 = none. */
export interface ExtensionIds {
  readonly mid: number;
  readonly audioLevel: number;
  readonly absSendTime: number;
  readonly transportCc: number;
  /** AV1's Dependency Descriptor. */
  readonly dependencyDescriptor?: number | undefined;
  /** `playout-delay`: how long a video is held back. */
  readonly playoutDelay?: number | undefined;
}

/** Bounds of how long a receiver holds a video back before it shows it: 0 … 40950 ms. */
export interface PlayoutDelay {
  readonly minMs: Millis;
  readonly maxMs: Millis;
}

/** A packet without a transport-wide number. */
export const NOT_NUMBERED = -1;
/** Below this level (-dBov) a packet is marked as voice: the V bit of RFC 6464. */
const VOICE_BELOW = 60;
const NO_MID = new Uint8Array(0);

/** Writes one sender's header extension block: MID (RFC 8843 section 14.3), level (RFC 6464), abs-send-time, transport-wide number. */
export class HeaderExtensions {
  readonly #ids: ExtensionIds;
  /** Empty: it is not told. */
  readonly mid: Uint8Array;
  readonly #twoByte: boolean;
  readonly #descriptorId: number;
  /** Both bounds in steps of 10 ms, 12 bits each, least first; undefined: they are not told. */
  readonly #playoutDelay: number | undefined;
  /** Where the block that was written last has its Dependency Descriptor; 0: it has none. */
  descriptorAt = 0;

  constructor(ids: ExtensionIds, mid: string, playoutDelay?: PlayoutDelay) {
    if (playoutDelay !== undefined && (ids.playoutDelay ?? 0) !== 0)
      this.#playoutDelay = (steps(playoutDelay.minMs) << 12) | steps(playoutDelay.maxMs);
    this.#ids = ids;
    this.mid = ids.mid === 0 ? NO_MID : utf8(mid).subarray(0, 255);
    this.#descriptorId = ids.dependencyDescriptor ?? 0;
    // RFC 8285 section 4.2: the one-byte form has ids 1 to 14 and data of 1 to 16 bytes.
    this.#twoByte =
      ids.mid > 14 ||
      ids.audioLevel > 14 ||
      ids.absSendTime > 14 ||
      ids.transportCc > 14 ||
      (ids.playoutDelay ?? 0) > 14 ||
      this.mid.length > 16;
  }

  /** Who have the same write the same blocks, but for the bytes of the MID. */
  get form(): string {
    const { absSendTime, audioLevel, mid, transportCc } = this.#ids;
    const ids = [mid, audioLevel, absSendTime, transportCc, this.#descriptorId, this.#ids.playoutDelay ?? 0];
    return `${ids.join(' ')} ${this.mid.length} ${this.#playoutDelay ?? ''}`;
  }

  /** Where the MID stands in a block that begins at `start`; 0: it has none. */
  midAt(start: number): number {
    if (this.mid.length === 0) return 0;
    return start + 4 + (this.#twoByte ? 2 : 1);
  }

  /** Packets have a transport-wide sequence number. */
  get hasTransportSequence(): boolean {
    return this.#ids.transportCc !== 0;
  }

  /** The most that {@link write} writes, beside a descriptor. */
  get maxBytes(): number {
    return 4 + 2 + this.mid.length + 4 + 5 + 4 + 5 + 2 + 3;
  }

  /**
   * Writes the block at `start` and returns where it ends; `start` itself when there is nothing to write, and the X bit
   * stays clear. `level` is -dBov or NO_LEVEL; `transportSequence`, or NOT_NUMBERED, is looked at if the peer wants it, and so is the
   * Dependency Descriptor `from[descriptor >> 8, …)`, of the length in the lowest 8 bits; 0: the packet has none.
   */
  write(
    bytes: Uint8Array,
    start: number,
    level: number,
    now: Millis,
    transportSequence: number,
    from: Uint8Array = bytes,
    descriptor = 0,
  ): number {
    const ids = this.#ids;
    const described = this.#descriptorId === 0 ? 0 : descriptor & 0xff;
    const twoByte = this.#twoByte || described > 16 || (described > 0 && this.#descriptorId > 14);
    let at = start + 4;
    this.descriptorAt = 0;
    if (this.mid.length > 0) {
      at = element(bytes, at, ids.mid, this.mid.length, twoByte);
      for (let i = 0; i < this.mid.length; i++) bytes[at + i] = this.mid[i]!;
      at += this.mid.length;
    }
    if (ids.audioLevel !== 0 && level !== NO_LEVEL) {
      at = element(bytes, at, ids.audioLevel, 1, twoByte);
      bytes[at++] = (level < VOICE_BELOW ? 0x80 : 0) | (level & 0x7f);
    }
    if (ids.absSendTime !== 0) {
      // Seconds in 6.18 fixed point, 24 bits that wrap every 64 s.
      const time = Math.floor((now % 64_000) * 262.144);
      at = element(bytes, at, ids.absSendTime, 3, twoByte);
      bytes[at++] = time >> 16;
      bytes[at++] = time >> 8;
      bytes[at++] = time;
    }
    if (ids.transportCc !== 0 && transportSequence !== NOT_NUMBERED) {
      at = element(bytes, at, ids.transportCc, 2, twoByte);
      bytes[at++] = transportSequence >> 8;
      bytes[at++] = transportSequence;
    }
    if (this.#playoutDelay !== undefined) {
      at = element(bytes, at, ids.playoutDelay ?? 0, 3, twoByte);
      bytes[at++] = this.#playoutDelay >> 16;
      bytes[at++] = this.#playoutDelay >> 8;
      bytes[at++] = this.#playoutDelay;
    }
    if (described > 0) {
      at = element(bytes, at, this.#descriptorId, described, twoByte);
      this.descriptorAt = at;
      const end = (descriptor >> 8) + described;
      for (let i = descriptor >> 8; i < end; i++) bytes[at++] = from[i]!;
    }
    if (at === start + 4) return start;
    while ((at - start) & 3) bytes[at++] = 0;
    bytes[start] = twoByte ? 0x10 : 0xbe;
    bytes[start + 1] = twoByte ? 0x00 : 0xde;
    const words = (at - start - 4) >> 2;
    bytes[start + 2] = words >> 8;
    bytes[start + 3] = words;
    return at;
  }
}

function steps(ms: Millis): number {
  return Math.min(0xfff, Math.max(0, Math.round(ms / 10)));
}

/** Writes an element's head; RFC 8285 sections 4.2 and 4.3. */
function element(bytes: Uint8Array, at: number, id: number, length: number, twoByte: boolean): number {
  if (twoByte) {
    bytes[at] = id;
    bytes[at + 1] = length;
    return at + 2;
  }
  bytes[at] = (id << 4) | (length - 1);
  return at + 1;
}
