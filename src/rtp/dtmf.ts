/** Keys as telephone-events (RFC 4733): four bytes of event, end and volume, duration. */
import type { Millis } from '../base/clock.ts';
import type { RtpView } from './packet.ts';
import type { RtpSender } from './sender.ts';

const DIGITS = '0123456789*#ABCD';
/** A key whose end was lost is over when nothing more was heard of it for so long. */
const LOST_END_MS = 200;
const REMEMBERED = 8;
/** What an event's duration can say, ticks. */
const LONGEST_EVENT = 0xffff;

/** A key that was pressed and let go. */
export interface Digit {
  /** `0` … `9`, `*`, `#`, `A` … `D`. */
  readonly digit: string;
  readonly durationMs: number;
}

/** Reads one stream's events. A key is reported once, at its end, however many packets tell of it. */
export class DtmfReceiver {
  #ticksPerMs: number;
  readonly #ended = new Float64Array(REMEMBERED).fill(-1);
  #endedNext = 0;
  #key = -1;
  #event = -1;
  #ssrc = 0;
  #timestamp = 0;
  #duration = 0;
  /** Of the segments before the present one, ticks. */
  #earlier = 0;
  #heardAt: Millis = 0;

  constructor(clockRate: number) {
    this.#ticksPerMs = clockRate / 1000;
  }

  /** The clock of the voice around is another from now on, Hz; keys that were told are not told again. */
  setClockRate(clockRate: number): void {
    this.#ticksPerMs = clockRate / 1000;
  }

  /**
   * Takes an event packet; answers a key that ended. Packets of one key share their timestamp (section 2.5.1.2), the
   * marker is not needed, and the three packets at its end (section 2.5.1.4) count as one.
   */
  push(view: RtpView, now: Millis): Digit | undefined {
    if (view.payloadEnd - view.payloadStart < 4) return undefined;
    const { bytes, payloadStart: at } = view;
    const event = bytes[at]!;
    if (event >= DIGITS.length) return undefined;
    const key = (view.ssrc % 0x200000) * 0x100000000 + view.timestamp;
    if (this.#ended.includes(key)) return undefined;
    const duration = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    if (this.#goesOn(view, event)) {
      this.#remember();
      this.#earlier += (view.timestamp - this.#timestamp) >>> 0;
      this.#begin(view, key);
    }
    // Another key began: the packets that ended the one before are lost.
    const before = key === this.#key ? undefined : this.#finish();
    if (key !== this.#key) {
      this.#begin(view, key);
      this.#event = event;
      this.#earlier = 0;
    }
    this.#duration = Math.max(this.#duration, duration);
    this.#heardAt = now;
    if ((bytes[at + 1]! & 0x80) === 0) return before;
    const ended = this.#finish();
    if (before === undefined) return ended;
    // Two keys ended with one packet: the second is told at the next poll.
    this.#owed = ended;
    return before;
  }

  /** A key whose end never came; call it with every tick. */
  poll(now: Millis): Digit | undefined {
    const owed = this.#owed;
    if (owed !== undefined) {
      this.#owed = undefined;
      return owed;
    }
    return this.#key !== -1 && now - this.#heardAt >= LOST_END_MS ? this.#finish() : undefined;
  }

  #owed: Digit | undefined;

  /** Section 2.5.1.3: an event that is longer than its field goes on in a segment that begins where the one before was full. */
  #goesOn({ ssrc, timestamp, marker }: RtpView, event: number): boolean {
    if (this.#key === -1 || marker || ssrc !== this.#ssrc || event !== this.#event) return false;
    const ticks = (timestamp - this.#timestamp) >>> 0;
    return ticks > LONGEST_EVENT / 2 && ticks <= LONGEST_EVENT;
  }

  #begin({ ssrc, timestamp }: RtpView, key: number): void {
    this.#key = key;
    this.#ssrc = ssrc;
    this.#timestamp = timestamp;
    this.#duration = 0;
  }

  #remember(): void {
    this.#ended[this.#endedNext] = this.#key;
    this.#endedNext = (this.#endedNext + 1) % REMEMBERED;
  }

  #finish(): Digit | undefined {
    if (this.#key === -1) return undefined;
    this.#remember();
    this.#key = -1;
    const ticks = this.#earlier + this.#duration;
    return { digit: DIGITS[this.#event]!, durationMs: Math.round(ticks / this.#ticksPerMs) };
  }
}

const MAX_QUEUED = 64;
const PAUSE_MS = 60;
const END_PACKETS = 3;
/** -10 dBm0 (RFC 4733 section 2.3.4). */
const VOLUME = 10;
/** Nobody holds a key longer. */
const MAX_DURATION_MS = 6000;

/** Sends keys one after the other, in place of sound, on a stream's own sequence and clock. */
export class DtmfSender {
  readonly #queue: { event: number; durationMs: number }[] = [];
  readonly #payload = new Uint8Array(4);
  #started = 0;
  #elapsedMs = 0;
  #ends = 0;
  #pauseMs = 0;

  /** Keys not yet sent to their end. */
  get pending(): number {
    return this.#queue.length;
  }

  /** Queues a key; false when it is none, or 64 wait already. */
  press(digit: string, durationMs: number): boolean {
    const event = digit.length === 1 ? DIGITS.indexOf(digit.toUpperCase()) : -1;
    if (event < 0 || this.#queue.length >= MAX_QUEUED) return false;
    this.#queue.push({ event, durationMs: Math.max(40, Math.min(MAX_DURATION_MS, durationMs)) });
    return true;
  }

  /** The packet for this frame of `frameMs`, or undefined: send sound. `ticksPerMs` is of the sender's clock. */
  poll(sender: RtpSender, payloadType: number, frameMs: number, ticksPerMs: number): Uint8Array | undefined {
    if (this.#pauseMs > 0) {
      this.#pauseMs -= frameMs;
      return undefined;
    }
    const key = this.#queue[0];
    if (key === undefined) return undefined;
    const first = this.#elapsedMs === 0;
    if (first) this.#started = sender.timestamp;
    this.#elapsedMs = Math.min(key.durationMs, this.#elapsedMs + frameMs);
    if (this.#elapsedMs >= key.durationMs) this.#ends++;
    // Section 2.5.1.3: what does not fit goes on in another segment, with a timestamp of its own.
    const ticks = Math.round(this.#elapsedMs * ticksPerMs);
    const earlier = Math.floor((ticks - 1) / LONGEST_EVENT) * LONGEST_EVENT;
    const duration = ticks - earlier;
    this.#payload[0] = key.event;
    this.#payload[1] = (this.#ends > 0 ? 0x80 : 0) | VOLUME;
    this.#payload[2] = duration >> 8;
    this.#payload[3] = duration;
    if (this.#ends === END_PACKETS) {
      this.#queue.shift();
      this.#ends = 0;
      this.#elapsedMs = 0;
      this.#pauseMs = PAUSE_MS;
    }
    const timestamp = (this.#started + earlier) >>> 0;
    return sender.packet(this.#payload, 0, 4, payloadType, first ? 'marker' : 'no-marker', timestamp);
  }
}
