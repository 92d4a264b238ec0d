import { sequenceDelta } from '../base/sequence.ts';
import { RtpView } from '../rtp/packet.ts';

/** As codecs are named here. */
export const RED = 'audio/red';
/** Blocks that one packet may have: the primary one and what is said again. */
const MAX_BLOCKS = 8;
/** Packets that are known to have come: further back nothing is recovered. A power of two. */
const REMEMBERED = 64;

/** The blocks of one payload of RED (RFC 2198 section 3), the oldest first, the primary one last. */
export class RedBlocks {
  count = 0;
  readonly starts = new Int32Array(MAX_BLOCKS);
  readonly ends = new Int32Array(MAX_BLOCKS);
  /** How much older than the packet each is, in ticks of its clock. */
  readonly offsets = new Int32Array(MAX_BLOCKS);

  /** Reads `bytes[start, end)`; false when it is no RED, or has blocks of another format than `payloadType`. */
  read(bytes: Uint8Array, start: number, end: number, payloadType: number): boolean {
    this.count = 0;
    let at = start;
    let count = 0;
    while (at < end && bytes[at]! & 0x80) {
      if (count === MAX_BLOCKS - 1 || at + 4 > end || (bytes[at]! & 0x7f) !== payloadType) return false;
      this.offsets[count] = (bytes[at + 1]! << 6) | (bytes[at + 2]! >> 2);
      // The length, until the start is known.
      this.ends[count] = ((bytes[at + 2]! & 0x03) << 8) | bytes[at + 3]!;
      count++;
      at += 4;
    }
    if (at >= end || bytes[at] !== payloadType) return false;
    at++;
    for (let block = 0; block < count; block++) {
      this.starts[block] = at;
      at += this.ends[block]!;
      this.ends[block] = at;
    }
    if (at > end) return false;
    this.starts[count] = at;
    this.ends[count] = end;
    this.offsets[count] = 0;
    this.count = count + 1;
    return true;
  }
}

/** Gives the blocks of a payload of RED, which {@link RedBlocks} has read, another payload type, in place. */
export function writeRedPayloadType(
  bytes: Uint8Array,
  start: number,
  end: number,
  payloadType: number,
): void {
  let at = start;
  for (; at < end && bytes[at]! & 0x80; at += 4) bytes[at] = 0x80 | payloadType;
  if (at < end) bytes[at] = payloadType;
}

/**
 * Takes what one source sends in RED apart, for those who do not take it: the packets as they would have come, and those that
 * were lost, as long as a later one says them again. Each comes out once.
 */
export class RedReader {
  readonly #came = new Int32Array(REMEMBERED).fill(-1);
  readonly #blocks = new RedBlocks();
  readonly #view = new RtpView();
  #source = -1;
  #highest = 0;
  /** The next block of the packet at hand. */
  #next = 0;
  #sequence = 0;
  #timestamp = 0;
  #marker = false;

  /** Begins with a packet, whose blocks are of `payloadType`; false when it is none. {@link take} gives what is in it. */
  read(view: RtpView, payloadType: number): boolean {
    this.#next = MAX_BLOCKS;
    if (!this.#blocks.read(view.bytes, view.payloadStart, view.payloadEnd, payloadType)) return false;
    this.#follow(view);
    this.#next = 0;
    this.#sequence = view.sequence;
    this.#timestamp = view.timestamp;
    this.#marker = view.marker;
    const packet = this.#view;
    packet.bytes = view.bytes;
    packet.ssrc = view.ssrc;
    packet.level = view.level;
    packet.payloadType = payloadType;
    return true;
  }

  /** The next packet that did not come before; undefined when there is no more. The view is used again. */
  take(): RtpView | undefined {
    const { ends, offsets, starts } = this.#blocks;
    const last = this.#blocks.count - 1;
    for (; this.#next <= last; this.#next++) {
      const block = this.#next;
      const sequence = (this.#sequence - (last - block)) & 0xffff;
      if (starts[block] === ends[block] || !this.#isNew(sequence)) continue;
      this.#came[sequence & (REMEMBERED - 1)] = sequence;
      const packet = this.#view;
      packet.sequence = sequence;
      packet.timestamp = (this.#timestamp - offsets[block]!) >>> 0;
      // A talkspurt's first packet is marked; what was lost of one is not known to be.
      packet.marker = block === last && this.#marker;
      packet.payloadStart = starts[block]!;
      packet.payloadEnd = ends[block]!;
      this.#next++;
      return packet;
    }
    return undefined;
  }

  /** A packet came as it is, without RED: false when it was recovered before. */
  plain(view: RtpView): boolean {
    this.#follow(view);
    if (!this.#isNew(view.sequence)) return false;
    this.#came[view.sequence & (REMEMBERED - 1)] = view.sequence;
    return true;
  }

  #follow({ sequence, ssrc }: RtpView): void {
    const ahead = sequenceDelta(sequence, this.#highest);
    if (ssrc === this.#source && Math.abs(ahead) < REMEMBERED) {
      if (ahead > 0) this.#highest = sequence;
      return;
    }
    this.#source = ssrc;
    this.#highest = sequence;
    // What was before the beginning is not missed.
    for (let back = 1; back <= REMEMBERED; back++) {
      const before = (sequence - back) & 0xffff;
      this.#came[before & (REMEMBERED - 1)] = before;
    }
  }

  #isNew(sequence: number): boolean {
    return this.#came[sequence & (REMEMBERED - 1)] !== sequence;
  }
}
