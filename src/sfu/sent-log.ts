import type { Millis } from '../base/clock.ts';
import type { CountedCodec, FrameCounters } from './frame-counters.ts';

/** Packets that a sender remembers having sent: as many as the source's cache keeps of its own. A power of two. */
const SIZE = 512;
const WORDS = 10;

/** What became of one packet of the source. */
export interface SentPacket {
  /** The simulcast layer, whose cache has the payload. */
  layer: number;
  /** Of the source. */
  ssrc: number;
  sourceSequence: number;
  timestamp: number;
  marker: boolean;
  /** The rewritten counters; undefined: those of the source, or none. */
  counters: FrameCounters | undefined;
  /** Whose counters they are. */
  counted: CountedCodec;
}

const CODECS: readonly CountedCodec[] = ['vp8', 'vp9', 'av1'];

/** Which packet of the source each of the last packets of one sender was, so that it can be made once more. */
export class SentLog {
  readonly #words = new Int32Array(SIZE * WORDS);
  readonly #sentAt = new Float64Array(SIZE).fill(Number.NEGATIVE_INFINITY);
  readonly #found: SentPacket = {
    layer: 0,
    ssrc: 0,
    sourceSequence: 0,
    timestamp: 0,
    marker: false,
    counters: undefined,
    counted: 'vp8',
  };
  readonly #counters: FrameCounters = { picture: 0, tl0: 0, keyIndex: 0 };

  constructor() {
    for (let at = 0; at < this.#words.length; at += WORDS) this.#words[at] = -1;
  }

  note(sequence: number, packet: SentPacket, now: Millis): void {
    const slot = sequence & (SIZE - 1);
    const words = this.#words;
    let at = slot * WORDS;
    words[at++] = sequence;
    words[at++] = packet.layer;
    words[at++] = packet.ssrc | 0;
    words[at++] = packet.sourceSequence;
    words[at++] = packet.timestamp | 0;
    words[at++] = packet.marker ? 1 : 0;
    words[at++] = packet.counters === undefined ? -1 : packet.counters.picture;
    words[at++] = packet.counters?.tl0 ?? 0;
    words[at++] = packet.counters?.keyIndex ?? 0;
    words[at] = CODECS.indexOf(packet.counted);
    this.#sentAt[slot] = now;
  }

  /**
   * The packet of that number, if it is remembered and was not sent within the last `quietMs`; it counts as sent now. The
   * object is used again by the next call.
   */
  take(sequence: number, now: Millis, quietMs: Millis): SentPacket | undefined {
    const slot = sequence & (SIZE - 1);
    const words = this.#words;
    const at = slot * WORDS;
    if (words[at] !== sequence || now - this.#sentAt[slot]! < quietMs) return undefined;
    this.#sentAt[slot] = now;
    const found = this.#found;
    found.layer = words[at + 1]!;
    found.ssrc = words[at + 2]! >>> 0;
    found.sourceSequence = words[at + 3]!;
    found.timestamp = words[at + 4]! >>> 0;
    found.marker = words[at + 5] === 1;
    const counters = this.#counters;
    counters.picture = words[at + 6]!;
    counters.tl0 = words[at + 7]!;
    counters.keyIndex = words[at + 8]!;
    found.counters = counters.picture < 0 ? undefined : counters;
    found.counted = CODECS[words[at + 9]!]!;
    return found;
  }
}
