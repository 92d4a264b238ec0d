import type { Millis } from '../base/clock.ts';
import { TokenBucket } from '../base/token-bucket.ts';
import { NO_LEVEL, writeRtpHeader } from '../rtp/packet.ts';
import { type FrameCounters, writeFrameNumber, writeVp9Counters } from './frame-counters.ts';
import { type HeaderExtensions, NOT_NUMBERED } from './header-extensions.ts';
import type { PacketOutput } from './packet-output.ts';
import type { PayloadCache } from './payload-cache.ts';
import { SentLog, type SentPacket } from './sent-log.ts';
import { Vp8Descriptor, writeVp8Counters } from './vp8.ts';

/** Retransmissions to one peer: a burst of loss on a large picture, and no more than a part of it on the long run. */
const RESENDS = { perSecond: 300, burst: 400 };
/** A packet is not sent again within this: the first answer is still on its way. */
const QUIET: Millis = 25;
/** RFC 3550 section 5.1: the last octet says how many are to be ignored. */
const PADDING = 255;

const vp8 = new Vp8Descriptor();

/** What an {@link RtxSender} is made for. */
export interface RtxOptions {
  readonly ssrc: number;
  /** The first number is below 2^15 (RFC 3711 section 3.3.1). */
  readonly sequence: number;
  readonly extensions: HeaderExtensions;
  readonly output: PacketOutput;
}

/**
 * One peer's retransmission stream for a track (RFC 4588): packets are made anew out of the source's cache, with the numbers
 * that they had when they were sent first. Padding goes out here too, for it costs the media stream no numbers.
 */
export class RtxSender {
  readonly log = new SentLog();
  readonly #options: RtxOptions;
  #sequence: number;
  #timestamp = 0;
  #payloadType = -1;
  #resends: TokenBucket | undefined;

  constructor(options: RtxOptions) {
    this.#options = options;
    this.#sequence = options.sequence & 0x7fff;
  }

  /** What the media stream has sent last, so that padding fits in: its RTX payload type and timestamp. */
  follow(payloadType: number, timestamp: number): void {
    this.#payloadType = payloadType;
    this.#timestamp = timestamp;
  }

  /** Answers a NACK: how many of the packets went out once more. */
  resend(sequences: readonly number[], caches: readonly PayloadCache[], now: Millis): number {
    if (this.#payloadType < 0) return 0;
    this.#resends ??= new TokenBucket(RESENDS, now);
    let count = 0;
    for (const sequence of sequences) {
      const packet = this.log.take(sequence, now, QUIET);
      if (packet === undefined) continue;
      if (!this.#resends.take(now)) break;
      if (this.#send(sequence, packet, caches[packet.layer], now)) count++;
    }
    return count;
  }

  /** Sends one packet of padding alone. Answers its bytes; 0 when nothing can be sent. */
  pad(now: Millis): number {
    const bytes = this.#payloadType < 0 ? undefined : this.#options.output.lend();
    if (bytes === undefined) return 0;
    const headerEnd = this.#begin(bytes, this.#timestamp, false, now);
    bytes[0] = bytes[0]! | 0x20;
    bytes.fill(0, headerEnd, headerEnd + PADDING - 1);
    bytes[headerEnd + PADDING - 1] = PADDING;
    return this.#finish(bytes, headerEnd, headerEnd + PADDING, now);
  }

  #send(sequence: number, packet: SentPacket, cache: PayloadCache | undefined, now: Millis): boolean {
    const bytes = cache === undefined ? undefined : this.#options.output.lend();
    if (cache === undefined || bytes === undefined) return false;
    const descriptor = cache.descriptor(packet.ssrc, packet.sourceSequence);
    const headerEnd = this.#begin(bytes, packet.timestamp, packet.marker, now, descriptor);
    const start = headerEnd + 2;
    const length = cache.copy(packet.ssrc, packet.sourceSequence, bytes, start);
    if (length < 0) return false;
    // RFC 4588 section 4: the original sequence number, then the original payload.
    bytes[headerEnd] = sequence >> 8;
    bytes[headerEnd + 1] = sequence;
    if (packet.counters !== undefined) this.#count(bytes, start, start + length, packet, packet.counters);
    return this.#finish(bytes, headerEnd, start + length, now) > 0;
  }

  /** Writes the counters that the packet had when it was sent first. */
  #count(
    bytes: Uint8Array,
    start: number,
    end: number,
    { counted }: SentPacket,
    counters: FrameCounters,
  ): void {
    const { descriptorAt } = this.#options.extensions;
    if (counted === 'vp9') writeVp9Counters(bytes, start, end, counters);
    else if (counted === 'vp8' && vp8.read(bytes, start, end)) writeVp8Counters(bytes, vp8, counters);
    else if (counted === 'av1' && descriptorAt !== 0) writeFrameNumber(bytes, descriptorAt, counters);
  }

  #begin(
    bytes: Uint8Array,
    timestamp: number,
    marker: boolean,
    now: Millis,
    descriptor?: Uint8Array,
  ): number {
    const { extensions, output, ssrc } = this.#options;
    const transportSequence = output.isMeasured ? output.nextTransportSequence : NOT_NUMBERED;
    const described = descriptor?.length ?? 0;
    const headerEnd = extensions.write(bytes, 12, NO_LEVEL, now, transportSequence, descriptor, described);
    writeRtpHeader(bytes, 0, {
      payloadType: this.#payloadType,
      marker,
      sequence: (this.#sequence + 1) & 0xffff,
      timestamp,
      ssrc,
      extension: headerEnd === 12 ? 'none' : 'follows',
    });
    return headerEnd;
  }

  /** Sends what {@link #begin} began. Its number is used up: nothing is sealed twice under one (RFC 3711 section 9.1). */
  #finish(bytes: Uint8Array, headerEnd: number, length: number, now: Millis): number {
    const { extensions, output } = this.#options;
    this.#sequence = (this.#sequence + 1) & 0xffff;
    const isNumbered = extensions.hasTransportSequence && output.isMeasured;
    return output.sendRtp(bytes, headerEnd, length, isNumbered ? now : undefined);
  }
}
