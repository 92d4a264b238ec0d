import type { Millis } from '../base/clock.ts';
import { timestampDelta as tsnDelta } from '../base/sequence.ts';
import type { OutgoingMessage } from './outgoing-messages.ts';

/** Chunks at most that are neither acknowledged nor forgotten by the peer. */
const MAX_CHUNKS = 4096;
/** Reports of what came later after which a chunk is lost (RFC 9260 section 7.2.4). */
const STRIKES = 3;

/** What a SACK says (RFC 9260 section 3.3.4). Gaps are of offsets from `cumulativeTsn`, ascending. */
export interface Sack {
  readonly cumulativeTsn: number;
  /** Bytes that the peer has room for: a_rwnd. */
  readonly advertisedWindow: number;
  readonly gaps: readonly (readonly number[])[];
}

/** A message of which parts were sent. */
export interface Outgoing {
  readonly message: OutgoingMessage;
  readonly streamSequence: number;
  /** Of the message: its bytes are forgotten when it is given up. */
  readonly length: number;
  /** Where the part begins that comes next. */
  next: number;
  isAbandoned: boolean;
}

/** A DATA chunk that was sent: bytes `start` to `end` of a message. */
export interface SentChunk {
  readonly tsn: number;
  readonly of: Outgoing;
  readonly start: number;
  readonly end: number;
  /** `lost` shall be sent again; `held` by the peer, which may still give it back; `abandoned` never shall be. */
  state: 'in-flight' | 'lost' | 'held' | 'abandoned';
  sentAt: Millis;
  sentCount: number;
  strikes: number;
}

/** What a SACK brought. */
export interface SackNews {
  /** Of user data that the peer has now and had not. */
  readonly bytes: number;
  /** The highest TSN among them. */
  readonly highest: number;
  /** Of a chunk among them that was sent once. */
  readonly roundTrip: Millis | undefined;
}

/** The chunks that were sent and are not behind the peer's cumulative TSN yet, in the order of their TSNs. */
export class SentChunks {
  #chunks: SentChunk[] = [];
  /** Bytes in flight, and chunks lost. */
  #inFlight = 0;
  #lost = 0;
  /** The peer has, or waits no more for, all up to this TSN. */
  acknowledged: number;

  constructor(firstTsn: number) {
    this.acknowledged = (firstTsn - 1) >>> 0;
  }

  /** Bytes of user data that are under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  get isFull(): boolean {
    return this.#chunks.length >= MAX_CHUNKS;
  }

  /** The part of a message from `start` to `end` is sent. */
  add(of: Outgoing, tsn: number, start: number, end: number, now: Millis): SentChunk {
    const chunk: SentChunk = {
      ...{ tsn, of, start, end },
      ...{ state: 'in-flight', sentAt: now, sentCount: 1, strikes: 0 },
    };
    this.#chunks.push(chunk);
    this.#inFlight += end - start;
    return chunk;
  }

  /** A TSN for what will not be sent any more of a message that was given up: the peer shall forget what it has of it. */
  addAbandoned(of: Outgoing, tsn: number, now: Millis): void {
    const chunk = { tsn, of, start: of.next, end: of.length, state: 'abandoned' as const };
    this.#chunks.push({ ...chunk, sentAt: now, sentCount: 0, strikes: 0 });
    of.next = of.length;
  }

  resend(chunk: SentChunk, now: Millis): void {
    this.#lost--;
    chunk.state = 'in-flight';
    chunk.sentAt = now;
    chunk.sentCount++;
    chunk.strikes = 0;
    this.#inFlight += chunk.end - chunk.start;
  }

  /** Takes what a SACK says; its cumulative TSN is one that was sent. */
  acknowledge({ cumulativeTsn, gaps }: Sack, now: Millis): SackNews {
    let bytes = 0;
    let highest = this.acknowledged;
    let roundTrip: Millis | undefined;
    const take = (chunk: SentChunk): void => {
      if (chunk.state === 'in-flight' || chunk.state === 'lost') {
        this.#leave(chunk);
        bytes += chunk.end - chunk.start;
        highest = chunk.tsn;
        if (chunk.sentCount === 1) roundTrip = now - chunk.sentAt;
      }
    };
    let gone = 0;
    for (const chunk of this.#chunks) {
      if (tsnDelta(chunk.tsn, cumulativeTsn) > 0) break;
      take(chunk);
      gone++;
    }
    this.#chunks.splice(0, gone);
    this.acknowledged = cumulativeTsn;
    let gap = 0;
    for (const chunk of this.#chunks) {
      const offset = tsnDelta(chunk.tsn, cumulativeTsn);
      while (gap < gaps.length && gaps[gap]![1]! < offset) gap++;
      const isHeld = gap < gaps.length && gaps[gap]![0]! <= offset;
      if (chunk.state === 'abandoned') continue;
      if (isHeld) {
        take(chunk);
        chunk.state = 'held';
      } else if (chunk.state === 'held') {
        // Given back, or an older report came later: time will tell.
        chunk.state = 'in-flight';
        chunk.strikes = 0;
        this.#inFlight += chunk.end - chunk.start;
      }
    }
    return { bytes, highest, roundTrip };
  }

  /** Counts a report against all that is missing before `highest`, or against `all` that is. Returns how many are lost by it. */
  strike(highest: number, which: 'newest' | 'all'): number {
    let lost = 0;
    const last = which === 'all' ? this.#chunks.findLast(({ state }) => state === 'held')?.tsn : highest;
    if (last === undefined) return 0;
    for (const chunk of this.#chunks) {
      if (tsnDelta(chunk.tsn, last) >= 0) break;
      if (chunk.state !== 'in-flight' || ++chunk.strikes < STRIKES) continue;
      this.#lose(chunk);
      lost++;
    }
    return lost;
  }

  /** Nothing that is under way is believed in any more. */
  loseAll(): void {
    for (const chunk of this.#chunks) if (chunk.state === 'in-flight') this.#lose(chunk);
  }

  /** Gives up messages of which a part is lost and `isGivenUp`, whole; what of them is still under way may come or not. */
  abandon(isGivenUp: (chunk: SentChunk) => boolean): void {
    for (const chunk of this.#chunks) {
      if (chunk.state !== 'lost' || chunk.of.isAbandoned || !isGivenUp(chunk)) continue;
      chunk.of.isAbandoned = true;
    }
    for (const chunk of this.#chunks) {
      if (!chunk.of.isAbandoned || chunk.state === 'abandoned') continue;
      this.#leave(chunk);
      chunk.state = 'abandoned';
      chunk.of.message.bytes = EMPTY;
    }
  }

  /** The oldest that shall be sent again. */
  firstLost(): SentChunk | undefined {
    return this.#lost === 0 ? undefined : this.#chunks.find(({ state }) => state === 'lost');
  }

  /** The peer owes an answer: for what is under way, or for what it was told not to wait for. */
  get awaitsAnswer(): boolean {
    return this.#inFlight > 0 || this.#lost > 0 || this.#chunks[0]?.state === 'abandoned';
  }

  /** The peer's cumulative TSN, or the last that was abandoned right behind it (RFC 3758 section 3.5, C1). */
  abandonedUpTo(): number {
    let upTo = this.acknowledged;
    for (const chunk of this.#chunks) {
      if (chunk.state !== 'abandoned') break;
      upTo = chunk.tsn;
    }
    return upTo;
  }

  /** Of each stream with abandoned ordered messages up to `tsn`, the last one's number. */
  sequencesUpTo(tsn: number): ReadonlyMap<number, number> {
    const sequences = new Map<number, number>();
    for (const { of, state, tsn: own } of this.#chunks) {
      if (tsnDelta(own, tsn) > 0) break;
      if (state === 'abandoned' && of.message.order === 'ordered')
        sequences.set(of.message.stream, of.streamSequence);
    }
    return sequences;
  }

  clear(): void {
    this.#chunks = [];
    this.#inFlight = 0;
    this.#lost = 0;
  }

  #lose(chunk: SentChunk): void {
    this.#leave(chunk);
    chunk.state = 'lost';
    this.#lost++;
  }

  /** The chunk will be in another state, and is counted in its own no more. */
  #leave(chunk: SentChunk): void {
    if (chunk.state === 'in-flight') this.#inFlight -= chunk.end - chunk.start;
    if (chunk.state === 'lost') this.#lost--;
  }
}

const EMPTY = new Uint8Array(0);
