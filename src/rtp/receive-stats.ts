/** Reception statistics of one source: RFC 3550 section 6.4.1 and appendices A.1, A.3, A.8. */
import type { Millis } from '../base/clock.ts';
import { sequenceDelta, timestampDelta } from '../base/sequence.ts';
import type { RtpView } from './packet.ts';
import type { ReportBlock } from './rtcp/parse.ts';

/** RFC 3550 A.1: further ahead than this is a restart, not loss. */
const MAX_DROPOUT = 3000;
const MAX_MISORDER = 100;

/** What is counted of a packet. */
export type Arrival = Pick<RtpView, 'ssrc' | 'sequence' | 'timestamp'>;

/** Counts what came of a source; a new SSRC or a sequence jump starts the count of sequences afresh and keeps the sums. */
export class ReceiveStats {
  #ticksPerMs: number;
  #ssrc = -1;
  #base = 0;
  #highest = 0;
  #jumpTo = -1;
  #receivedHere = 0;
  #expectedPrior = 0;
  #receivedPrior = 0;
  #lostBefore = 0;
  #transit = 0;
  #timestamp = 0;
  #jitter = 0;
  #lastSr = 0;
  #lastSrAt: Millis = 0;
  readonly #arrival = { ssrc: 0, sequence: 0, timestamp: 0 };
  /** Packets received in all. */
  packets = 0;

  constructor(clockRate: number) {
    this.#ticksPerMs = clockRate / 1000;
  }

  /** The source's clock is another from now on (a new codec), Hz. */
  setClockRate(clockRate: number): void {
    if (clockRate / 1000 === this.#ticksPerMs) return;
    this.#jitter *= clockRate / 1000 / this.#ticksPerMs;
    this.#ticksPerMs = clockRate / 1000;
    this.#transit = Number.NaN;
  }

  /** Counts a packet; `false` when its sequence number is too far from the last to be believed yet. */
  push(view: Arrival, now: Millis): boolean {
    if (view.ssrc !== this.#ssrc) this.#begin(view);
    else {
      const step = sequenceDelta(view.sequence, this.#highest & 0xffff);
      if (step > MAX_DROPOUT || step < -MAX_MISORDER) {
        if (view.sequence !== this.#jumpTo) {
          this.#jumpTo = (view.sequence + 1) & 0xffff;
          return false;
        }
        this.#begin(view);
      } else if (step > 0) this.#highest += step;
    }
    this.#receivedHere++;
    this.packets++;
    this.#measure(view, now);
    return true;
  }

  /** The same of another packet of the present source. */
  pushNext(sequence: number, timestamp: number, now: Millis): boolean {
    const arrival = this.#arrival;
    arrival.ssrc = this.#ssrc;
    arrival.sequence = sequence;
    arrival.timestamp = timestamp;
    return this.push(arrival, now);
  }

  /** The present source; undefined when nothing came yet. */
  get ssrc(): number | undefined {
    return this.#ssrc === -1 ? undefined : this.#ssrc;
  }

  /** Packets lost since the beginning, never under 0. */
  get lost(): number {
    return Math.max(0, this.#lostBefore + this.#lostHere);
  }

  /** Interarrival jitter, ms. */
  get jitterMs(): number {
    return this.#jitter / this.#ticksPerMs;
  }

  /** `ssrc` sent a sender report with this NTP time; that of another source than the present one says nothing. */
  senderReport(ssrc: number, ntpHigh: number, ntpLow: number, now: Millis): void {
    if (ssrc !== this.#ssrc) return;
    this.#lastSr = ((ntpHigh << 16) | (ntpLow >>> 16)) >>> 0;
    this.#lastSrAt = now;
  }

  /** The present report block, or undefined when nothing came yet; `fractionLost` counts from the last call. */
  report(now: Millis): ReportBlock | undefined {
    if (this.#ssrc === -1) return undefined;
    const expected = this.#highest - this.#base + 1;
    const expectedNow = expected - this.#expectedPrior;
    const lostNow = expectedNow - (this.#receivedHere - this.#receivedPrior);
    this.#expectedPrior = expected;
    this.#receivedPrior = this.#receivedHere;
    return {
      ssrc: this.#ssrc,
      fractionLost:
        expectedNow <= 0 || lostNow <= 0 ? 0 : Math.min(255, Math.floor((lostNow * 256) / expectedNow)),
      lost: Math.max(-0x800000, Math.min(0x7fffff, this.#lostHere)),
      highestSequence: this.#highest >>> 0,
      jitter: Math.round(this.#jitter),
      lastSr: this.#lastSr,
      delaySinceLastSr: this.#lastSr === 0 ? 0 : Math.round(((now - this.#lastSrAt) * 65536) / 1000),
    };
  }

  get #lostHere(): number {
    return this.#ssrc === -1 ? 0 : this.#highest - this.#base + 1 - this.#receivedHere;
  }

  #begin(view: Arrival): void {
    this.#lostBefore += Math.max(0, this.#lostHere);
    // Section 6.4.1: LSR is of a report of this source.
    if (view.ssrc !== this.#ssrc) this.#lastSr = 0;
    this.#ssrc = view.ssrc;
    this.#base = view.sequence;
    this.#highest = view.sequence;
    this.#jumpTo = -1;
    this.#receivedHere = 0;
    this.#expectedPrior = 0;
    this.#receivedPrior = 0;
    this.#transit = Number.NaN;
  }

  /** Appendix A.8. Packets of one timestamp (telephone-events) tell nothing of the way. */
  #measure(view: Arrival, now: Millis): void {
    const arrival = now * this.#ticksPerMs;
    if (!Number.isNaN(this.#transit)) {
      const step = timestampDelta(view.timestamp, this.#timestamp);
      if (step === 0) return;
      const transit = this.#transit + step;
      const difference = Math.abs(arrival - transit);
      // A jump of the timestamp over a second is a new timeline, not jitter.
      if (difference < 1000 * this.#ticksPerMs) this.#jitter += (difference - this.#jitter) / 16;
    }
    this.#transit = arrival;
    this.#timestamp = view.timestamp;
  }
}
