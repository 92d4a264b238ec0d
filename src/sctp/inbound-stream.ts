import { concat } from '../base/bytes.ts';
import { sequenceDelta, timestampDelta as tsnDelta } from '../base/sequence.ts';

const LAST = 0x01;
const FIRST = 0x02;
const UNORDERED = 0x04;

/** What is looked at of a DATA chunk that came (RFC 9260 section 3.3.1). */
export interface InboundChunk {
  readonly tsn: number;
  /** SSN. */
  readonly streamSeqNum: number;
  readonly flags: number;
  readonly protocol: number;
  readonly userData: Uint8Array;
}

/** A message that is whole. */
export interface InboundMessage {
  readonly protocol: number;
  readonly bytes: Uint8Array;
}

/**
 * Puts the messages of one stream together (RFC 9260 section 6.9) and in order (section 6.6). Between their chunks may be TSNs of
 * other streams, and a message that lacks a part holds up only those that must come after it.
 */
export class InboundStream {
  /** The SSN that is delivered next. A FORWARD TSN moves it (RFC 3758 section 3.6). */
  next = 0;
  /** Both by TSN. */
  #ordered: InboundChunk[] = [];
  #unordered: InboundChunk[] = [];
  #whole: InboundMessage[] = [];

  /** Chunks that are held. */
  get size(): number {
    return this.#ordered.length + this.#unordered.length;
  }

  /** Takes a chunk that was not there yet. */
  add(chunk: InboundChunk): void {
    const chunks = chunk.flags & UNORDERED ? this.#unordered : this.#ordered;
    let at = chunks.length;
    while (at > 0 && tsnDelta(chunks[at - 1]!.tsn, chunk.tsn) > 0) at--;
    chunks.splice(at, 0, chunk);
    if (chunks === this.#unordered) this.#takeAround(at);
  }

  /** The messages that are whole and may be delivered. */
  take(): readonly InboundMessage[] {
    for (;;) {
      const first = this.#ordered[0];
      if (first === undefined || sequenceDelta(first.streamSeqNum, this.next) > 0) break;
      const last = lastOf(this.#ordered, 0);
      if (last === undefined) break;
      if (first.streamSeqNum === this.next) this.next = (this.next + 1) & 0xffff;
      this.#whole.push(joined(this.#ordered.splice(0, last + 1)));
    }
    return this.#whole.splice(0);
  }

  /** Forgets the chunks up to `tsn`: what they lack will not come. Returns how many bytes they had. */
  forget(tsn: number): number {
    const isKept = (chunk: InboundChunk) => tsnDelta(chunk.tsn, tsn) > 0;
    const before = bytesOf(this.#ordered) + bytesOf(this.#unordered);
    this.#ordered = this.#ordered.filter(isKept);
    this.#unordered = this.#unordered.filter(isKept);
    return before - bytesOf(this.#ordered) - bytesOf(this.#unordered);
  }

  /** The chunk at `at` may have been the last part that its message lacked. */
  #takeAround(at: number): void {
    const chunks = this.#unordered;
    let first = at;
    while ((chunks[first]!.flags & FIRST) === 0) {
      if (first === 0 || chunks[first - 1]!.tsn !== (chunks[first]!.tsn - 1) >>> 0) return;
      first--;
    }
    const last = lastOf(chunks, first);
    if (last !== undefined && last >= at) this.#whole.push(joined(chunks.splice(first, last - first + 1)));
  }
}

/** Where the message ends that begins at `first`; undefined: a part is missing. */
function lastOf(chunks: readonly InboundChunk[], first: number): number | undefined {
  if ((chunks[first]!.flags & FIRST) === 0) return undefined;
  for (let at = first; at < chunks.length; at++) {
    if (chunks[at]!.tsn !== (chunks[first]!.tsn + at - first) >>> 0) return undefined;
    if (chunks[at]!.flags & LAST) return at;
  }
  return undefined;
}

function joined(chunks: readonly InboundChunk[]): InboundMessage {
  const { protocol, userData } = chunks[0]!;
  return { protocol, bytes: chunks.length === 1 ? userData : concat(chunks.map((one) => one.userData)) };
}

function bytesOf(chunks: readonly InboundChunk[]): number {
  return chunks.reduce((sum, { userData }) => sum + userData.length, 0);
}
