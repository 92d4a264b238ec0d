import type { Clock, Millis } from '../base/clock.ts';
import { timestampDelta as tsnDelta } from '../base/sequence.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import { dataChunkLength, forwardTsnChunk, writeDataChunk } from './chunks.ts';
import { CongestionWindow } from './congestion-window.ts';
import { type OutgoingMessage, OutgoingMessages } from './outgoing-messages.ts';
import { RetransmissionTimeout } from './retransmission-timeout.ts';
import { type Outgoing, type Sack, type SentChunk, SentChunks } from './sent-chunks.ts';

/** Bytes of a packet's chunks at most: what fits through DTLS, UDP and IPv6 on any line (RFC 8831 section 5), less the common header. */
const PACKET = 1180;
/** User data of a chunk at most, that one chunk fills a packet. */
const FRAGMENT = PACKET - 16;

/** How a {@link DataSender} reaches what is around it. */
export interface DataSenderOptions {
  readonly firstTsn: number;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Chunks that go as one packet; the array is used again. */
  readonly send: (chunks: Uint8Array) => void;
  /** The next SSN of a stream: taken when an ordered message's first part is sent. */
  readonly nextSequence: (stream: number) => number;
}

/** The peer, once the association is up. */
export interface PeerTerms {
  /** Bytes that it has room for: a_rwnd. */
  readonly window: number;
  /** It knows FORWARD TSN (RFC 3758 section 3.3); else all messages are reliable. */
  readonly partialReliability: 'supported' | 'unsupported';
}

/**
 * The sending half of an SCTP association's data (RFC 9260 sections 6 and 7) with partial reliability (RFC 3758): a message
 * that may be lost is sent as often as it may be, and the peer is told not to wait for it any more. Bounded in all that it
 * keeps, whatever the peer acknowledges.
 */
export class DataSender {
  readonly #options: DataSenderOptions;
  readonly #waiting = new OutgoingMessages();
  readonly #sent: SentChunks;
  readonly #window = new CongestionWindow(PACKET);
  readonly #timeout = new RetransmissionTimeout();
  readonly #packet = new Uint8Array(PACKET);
  #length = 0;
  #peer: PeerTerms | undefined;
  #peerWindow = 0;
  #current: Outgoing | undefined;
  #nextTsn: number;
  /** The peer was told last to wait for nothing up to this one, and when. */
  #forwarded: number;
  #forwardedAt: Millis = Number.NEGATIVE_INFINITY;
  #alarm: Alarm | undefined;

  constructor(options: DataSenderOptions) {
    this.#options = options;
    this.#nextTsn = options.firstTsn >>> 0;
    this.#forwarded = this.#nextTsn - 1;
    this.#sent = new SentChunks(this.#nextTsn);
  }

  /** Of the next chunk that is sent for the first time. */
  get nextTsn(): number {
    return this.#nextTsn;
  }

  /** The association is up. */
  start(peer: PeerTerms): void {
    this.#peer = peer;
    this.#peerWindow = peer.window;
    this.#transmit(this.#options.clock.now());
  }

  /** Whether a message of so many bytes can be taken. */
  hasRoom(kind: 'reliable' | 'lossy', bytes: number): boolean {
    return this.#waiting.hasRoom(kind, bytes);
  }

  /** Sends the message, or keeps it until it may be sent. The caller has asked {@link hasRoom}. */
  push(message: OutgoingMessage): void {
    const now = this.#options.clock.now();
    this.#waiting.push(message, now);
    this.#transmit(now);
  }

  /** The peer tells what it has (RFC 9260 section 6.2.1). What cannot be true is ignored. */
  acknowledge(sack: Sack): void {
    const { cumulativeTsn } = sack;
    const isOld = tsnDelta(cumulativeTsn, this.#sent.acknowledged) < 0;
    if (isOld || tsnDelta(cumulativeTsn, this.#nextTsn) >= 0) return;
    const now = this.#options.clock.now();
    const use = this.#sent.inFlight + PACKET > this.#window.size ? 'full' : 'partial';
    const advanced = cumulativeTsn !== this.#sent.acknowledged;
    const news = this.#sent.acknowledge(sack, now);
    if (news.roundTrip !== undefined) this.#timeout.measured(news.roundTrip);
    const lost = this.#sent.strike(news.highest, this.#window.isRecovering && advanced ? 'all' : 'newest');
    let repair: 'next' | 'at-once' = 'next';
    if (lost > 0) {
      if (!this.#window.isRecovering) repair = 'at-once';
      this.#window.lost(this.#nextTsn - 1);
      this.#giveUp(now);
    }
    this.#window.acknowledged(news.bytes, cumulativeTsn, use);
    this.#peerWindow = sack.advertisedWindow;
    if (advanced || repair === 'at-once') this.#disarm();
    this.#forward(now, 'when-due');
    this.#transmit(now, repair);
  }

  /** Nothing is sent, and nothing kept, any more. */
  close(): void {
    this.#disarm();
    this.#peer = undefined;
    this.#current = undefined;
    this.#waiting.clear();
    this.#sent.clear();
  }

  /** RFC 9260 section 6.3.3: T3-rtx. */
  #timedOut(now: Millis): void {
    this.#alarm = undefined;
    this.#timeout.backOff();
    this.#window.timedOut();
    this.#sent.loseAll();
    this.#giveUp(now);
    this.#forward(now, 'again');
    this.#transmit(now);
  }

  /** Of what is lost, what need not come is not sent again. */
  #giveUp(now: Millis): void {
    this.#sent.abandon((one) => this.#isGivenUp(one, now));
    const current = this.#current;
    if (current === undefined || !current.isAbandoned || current.next === current.length) return;
    this.#sent.addAbandoned(current, this.#takeTsn(), now);
  }

  #takeTsn(): number {
    const tsn = this.#nextTsn;
    this.#nextTsn = (tsn + 1) >>> 0;
    return tsn;
  }

  #isGivenUp({ sentCount, of: { message } }: SentChunk, now: Millis): boolean {
    if (this.#peer?.partialReliability !== 'supported') return false;
    return sentCount > message.maxRetransmits || now > message.expiresAt;
  }

  /** Tells the peer not to wait for what was given up (RFC 3758 section 3.5, C). */
  #forward(now: Millis, when: 'when-due' | 'again'): void {
    const upTo = this.#sent.abandonedUpTo();
    if (upTo === this.#sent.acknowledged) return;
    const isNews = tsnDelta(upTo, this.#forwarded) > 0;
    const isLate = now - this.#forwardedAt > (this.#timeout.roundTrip ?? this.#timeout.value) * 1.5;
    if (when === 'when-due' && !isNews && !isLate) return;
    this.#forwarded = upTo;
    this.#forwardedAt = now;
    const chunk = forwardTsnChunk(upTo, this.#sent.sequencesUpTo(upTo));
    this.#bundle(chunk.length);
    this.#packet.set(chunk, this.#length);
    this.#length += chunk.length;
  }

  #transmit(now: Millis, repair: 'next' | 'at-once' = 'next'): void {
    if (this.#peer === undefined) return;
    const limit = this.#window.limit(this.#sent.inFlight);
    this.#repair(now, limit, repair);
    while (!this.#sent.isFull) {
      const rest = this.#nextBytes(now);
      if (rest === 0) break;
      const size = Math.min(FRAGMENT, rest);
      const { inFlight } = this.#sent;
      // RFC 9260 section 6.1, A: a window that is closed is tried with one chunk.
      if (inFlight > 0 && (inFlight >= limit || inFlight + size > this.#peerWindow)) break;
      this.#write(this.#addNext(size, now));
    }
    this.#flush();
    if (this.#sent.awaitsAnswer) this.#arm(now);
  }

  /** Sends again what was lost: one packet of it at once (RFC 9260 section 7.2.4, rule 3), the rest as the window lets. */
  #repair(now: Millis, limit: number, repair: 'next' | 'at-once'): void {
    let room = repair === 'at-once' ? PACKET - this.#length : 0;
    for (let chunk = this.#sent.firstLost(); chunk !== undefined; chunk = this.#sent.firstLost()) {
      const length = dataChunkLength(chunk.end - chunk.start);
      if (room < length && this.#sent.inFlight >= limit) return;
      room -= length;
      this.#sent.resend(chunk, now);
      this.#write(chunk);
    }
  }

  /** Bytes that are still to be sent of the message that has the word, or of the next. */
  #nextBytes(now: Millis): number {
    const current = this.#current;
    if (current !== undefined && current.next < current.length) return current.length - current.next;
    this.#current = undefined;
    return this.#waiting.peek(now)?.bytes.length ?? 0;
  }

  #addNext(size: number, now: Millis): SentChunk {
    this.#current ??= this.#begin(this.#waiting.peek(now)!);
    const { next } = this.#current;
    this.#current.next += size;
    return this.#sent.add(this.#current, this.#takeTsn(), next, next + size, now);
  }

  #begin(message: OutgoingMessage): Outgoing {
    this.#waiting.take();
    const streamSequence = message.order === 'ordered' ? this.#options.nextSequence(message.stream) : 0;
    return { message, streamSequence, length: message.bytes.length, next: 0, isAbandoned: false };
  }

  #write({ end, of, start, tsn }: SentChunk): void {
    const { length, message, streamSequence } = of;
    this.#bundle(dataChunkLength(end - start));
    const { order, protocol, stream } = message;
    const part = {
      ...{ tsn, stream, streamSequence, protocol, order },
      ...{ isFirst: start === 0, isLast: end === length },
    };
    this.#length = writeDataChunk(this.#packet, this.#length, part, message.bytes.subarray(start, end));
  }

  /** Makes room for a chunk: in the packet that is being filled, or in the next. */
  #bundle(length: number): void {
    if (this.#length + length > PACKET) this.#flush();
  }

  #flush(): void {
    if (this.#length === 0) return;
    this.#options.send(this.#packet.subarray(0, this.#length));
    this.#length = 0;
  }

  #arm(now: Millis): void {
    if (this.#peer === undefined) return;
    this.#alarm ??= this.#options.timers.schedule(now + this.#timeout.value, (at) => this.#timedOut(at));
  }

  #disarm(): void {
    this.#options.timers.cancel(this.#alarm);
    this.#alarm = undefined;
  }
}
