import { timestampDelta as tsnDelta } from '../../../src/base/sequence.ts';
import type { Sack } from '../../../src/sctp/sent-chunks.ts';

interface Part {
  readonly tsn: number;
  readonly stream: number;
  readonly sequence: number;
  readonly flags: number;
  readonly bytes: Uint8Array;
}

/** The receiving half of an association as RFC 9260 section 6 and RFC 3758 section 3.6 have it, written to be read: the sender's judge. */
export class Receiver {
  readonly delivered: { readonly stream: number; readonly bytes: Uint8Array }[] = [];
  /** Chunks that came, by kind. */
  data = 0;
  forwards = 0;
  window = 1 << 20;
  #cumulative: number;
  #parts: Part[] = [];
  #beyond = new Set<number>();
  readonly #nextSequence = new Map<number, number>();

  constructor(firstTsn: number) {
    this.#cumulative = (firstTsn - 1) >>> 0;
  }

  /** Takes a packet's chunks, and answers. */
  take(packet: Uint8Array): Sack {
    const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
    for (let at = 0; at < packet.length; ) {
      const length = view.getUint16(at + 2);
      if (packet[at] === 0) this.#onData(view, packet, at, length);
      else if (packet[at] === 192) this.#onForward(view, at, length);
      else throw new Error(`a chunk of type ${packet[at]}`);
      at += (length + 3) & ~3;
    }
    this.#deliver();
    return this.#sack();
  }

  #onData(view: DataView, packet: Uint8Array, at: number, length: number): void {
    this.data++;
    const tsn = view.getUint32(at + 4);
    if (tsnDelta(tsn, this.#cumulative) <= 0 || this.#beyond.has(tsn)) return;
    this.#beyond.add(tsn);
    this.#parts.push({
      ...{ tsn, stream: view.getUint16(at + 8), sequence: view.getUint16(at + 10) },
      ...{ flags: packet[at + 1]!, bytes: packet.slice(at + 16, at + length) },
    });
    this.#parts.sort((a, b) => tsnDelta(a.tsn, b.tsn));
    this.#advance();
  }

  #onForward(view: DataView, at: number, length: number): void {
    this.forwards++;
    const upTo = view.getUint32(at + 4);
    if (tsnDelta(upTo, this.#cumulative) <= 0) return;
    for (let i = at + 8; i < at + length; i += 4)
      this.#nextSequence.set(view.getUint16(i), (view.getUint16(i + 2) + 1) & 0xffff);
    this.#deliver();
    this.#parts = this.#parts.filter(({ tsn }) => tsnDelta(tsn, upTo) > 0);
    for (const tsn of this.#beyond) if (tsnDelta(tsn, upTo) <= 0) this.#beyond.delete(tsn);
    this.#cumulative = upTo;
    this.#advance();
  }

  #advance(): void {
    while (this.#beyond.delete((this.#cumulative + 1) >>> 0)) this.#cumulative = (this.#cumulative + 1) >>> 0;
  }

  #deliver(): void {
    for (let found = this.#whole(); found !== undefined; found = this.#whole()) {
      const [from, to] = found;
      const parts = this.#parts.splice(from, to - from + 1);
      const { flags, sequence, stream } = parts[0]!;
      if ((flags & 4) === 0) this.#nextSequence.set(stream, (sequence + 1) & 0xffff);
      this.delivered.push({ stream, bytes: new Uint8Array(parts.flatMap(({ bytes }) => [...bytes])) });
    }
  }

  #whole(): [from: number, to: number] | undefined {
    for (let from = 0; from < this.#parts.length; from++) {
      const first = this.#parts[from]!;
      const isNext =
        (first.flags & 4) !== 0 || first.sequence === (this.#nextSequence.get(first.stream) ?? 0);
      if ((first.flags & 2) === 0 || !isNext) continue;
      for (let to = from; this.#parts[to]?.tsn === (first.tsn + to - from) >>> 0; to++)
        if (this.#parts[to]!.flags & 1) return [from, to];
    }
    return undefined;
  }

  #sack(): Sack {
    const offsets = [...this.#beyond].map((tsn) => tsnDelta(tsn, this.#cumulative)).sort((a, b) => a - b);
    const gaps: [number, number][] = [];
    for (const offset of offsets) {
      const last = gaps.at(-1);
      if (last !== undefined && last[1] === offset - 1) last[1] = offset;
      else gaps.push([offset, offset]);
    }
    return { cumulativeTsn: this.#cumulative, advertisedWindow: this.window, gaps };
  }
}
