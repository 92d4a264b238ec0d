/** Makes the packets of one outgoing stream: sequence and timestamp run on, whatever happens (RFC 3550 section 5.1). */
import type { Random } from '../base/random.ts';
import { writeRtpHeader } from './packet.ts';

/** A marker stands on the first packet after silence or at the start (RFC 3551 section 4.1). */
export type Marker = 'marker' | 'no-marker';

const HEADER = 12;
/** Buffers in turn: a socket may hold one that it has not sent yet. */
const RING = 8;

/** One SSRC's sender. The bytes it answers are good until {@link RING} packets later, not counting those that were {@link unsent}. */
export class RtpSender {
  ssrc: number;
  readonly #ring: Uint8Array[] = [];
  #next = 0;
  /** Bytes of the last packet's payload. */
  #last = 0;
  #sequence: number;
  /** Timestamp of the next sample to be sent. */
  timestamp: number;
  packets = 0;
  octets = 0;
  readonly #fields = {
    payloadType: 0,
    marker: false,
    sequence: 0,
    timestamp: 0,
    ssrc: 0,
    extension: 'none' as 'none' | 'follows',
  };

  /**
   * Sequence and timestamp begin at random (RFC 3550 section 5.1 against known-plaintext attacks), the sequence below 2^15:
   * who misses the first packets, as one whose keys come late, still guesses SRTP's roll-over counter right (RFC 3711 section
   * 3.3.1).
   */
  constructor(random: Random, largestPayload: number) {
    this.ssrc = random.u32() >>> 0;
    this.#sequence = random.u32() & 0x7fff;
    this.timestamp = random.u32() >>> 0;
    this.#fields.ssrc = this.ssrc;
    for (let i = 0; i < RING; i++) this.#ring.push(new Uint8Array(HEADER + largestPayload));
  }

  /** Another stream from now on, with an SSRC, numbers and counts of its own. */
  renew(random: Random): void {
    this.ssrc = random.u32() >>> 0;
    this.#sequence = random.u32() & 0x7fff;
    this.timestamp = random.u32() >>> 0;
    this.#fields.ssrc = this.ssrc;
    this.packets = 0;
    this.octets = 0;
  }

  /** Sequence number of the next packet. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Lets `ticks` of the clock pass: called for all time, sent or not. */
  advance(ticks: number): void {
    this.timestamp = (this.timestamp + ticks) >>> 0;
  }

  /** So many packets of `octets` each, `ticks` apart, were stamped and sent by somebody else from where this stood. */
  sentElsewhere(count: number, ticks: number, octets: number): void {
    this.#sequence = (this.#sequence + count) & 0xffff;
    this.advance(count * ticks);
    this.packets += count;
    this.octets += count * octets;
  }

  /**
   * The last packet was given to nobody: its buffer is the next one's, so that those that still wait are not written over. It
   * counts as none that was sent (RFC 3550 section 6.4.1); its number is lost, as on the way.
   */
  unsent(): void {
    this.#next = (this.#next + RING - 1) % RING;
    this.packets--;
    this.octets -= this.#last;
  }

  /** The packet with `payload[start, end)` (cut to what was agreed on as the largest). */
  packet(
    payload: Uint8Array,
    start: number,
    end: number,
    payloadType: number,
    marker: Marker,
    timestamp: number = this.timestamp,
  ): Uint8Array {
    const buffer = this.#ring[this.#next]!;
    this.#next = (this.#next + 1) % RING;
    const size = Math.min(end - start, buffer.length - HEADER);
    const fields = this.#fields;
    fields.payloadType = payloadType;
    fields.marker = marker === 'marker';
    fields.sequence = this.#sequence;
    fields.timestamp = timestamp;
    writeRtpHeader(buffer, 0, fields);
    for (let i = 0; i < size; i++) buffer[HEADER + i] = payload[start + i]!;
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.packets++;
    this.octets += size;
    this.#last = size;
    return size === buffer.length - HEADER ? buffer : buffer.subarray(0, HEADER + size);
  }
}
