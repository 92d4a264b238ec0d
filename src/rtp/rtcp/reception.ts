import type { Millis } from '../../base/clock.ts';
import { sequenceDelta } from '../../base/sequence.ts';
import type { ReportBlock } from './parse.ts';

/** A jump by more is a source that started anew (RFC 3550 appendix A.1: MAX_DROPOUT). */
const MAX_DROPOUT = 3000;
/** Missing packets that are remembered, and how often and how far apart each is asked for. */
const MAX_MISSING = 100;
const MAX_ASKS = 3;
const ASK_EVERY: Millis = 60;

/** The reception statistics of one source, as its report block needs them (RFC 3550 appendix A.3, A.8), and what is missing. */
export class Reception {
  readonly ssrc: number;
  /** Hz. */
  readonly clockRate: number;
  #base = -1;
  #highest = 0;
  #received = 0;
  #expectedPrior = 0;
  #receivedPrior = 0;
  #transit: number | undefined;
  #jitter = 0;
  #lastSr = 0;
  #lastSrAt: Millis = 0;
  readonly #missing = new Map<number, { asks: number; askedAt: Millis }>();

  constructor(ssrc: number, clockRate: number) {
    this.ssrc = ssrc;
    this.clockRate = clockRate;
  }

  push(sequence: number, timestamp: number, now: Millis): void {
    if (this.#base < 0) this.#restart(sequence);
    const delta = sequenceDelta(sequence, this.#highest & 0xffff);
    if (delta > MAX_DROPOUT || delta < -MAX_DROPOUT) this.#restart(sequence);
    else if (delta > 0) {
      for (let gap = 1; gap < delta && delta <= MAX_MISSING; gap++) {
        this.#missing.set((this.#highest + gap) & 0xffff, { asks: 0, askedAt: Number.NEGATIVE_INFINITY });
      }
      this.#highest += delta;
      for (const old of this.#missing.keys()) {
        if (this.#missing.size <= MAX_MISSING) break;
        this.#missing.delete(old);
      }
    } else this.#missing.delete(sequence);
    this.#received++;
    const transit = (now * this.clockRate) / 1000 - timestamp;
    if (this.#transit !== undefined) {
      const difference = Math.abs(transit - this.#transit);
      // A jump of the timestamp by over a second is a new stretch of media, not jitter.
      if (difference < this.clockRate) this.#jitter += (difference - this.#jitter) / 16;
    }
    this.#transit = transit;
  }

  /** A retransmission came. False: its packet was not missing. */
  recovered(sequence: number): boolean {
    return this.#missing.delete(sequence);
  }

  senderReport(ntpHigh: number, ntpLow: number, now: Millis): void {
    this.#lastSr = ((ntpHigh << 16) | (ntpLow >>> 16)) >>> 0;
    this.#lastSrAt = now;
  }

  /** Sequence numbers to ask for now, ascending in stream order; each at most three times, 60 ms apart. */
  wanted(now: Millis): number[] {
    const list: number[] = [];
    for (const [sequence, state] of this.#missing) {
      if (now - state.askedAt < ASK_EVERY) continue;
      if (state.asks >= MAX_ASKS) {
        this.#missing.delete(sequence);
        continue;
      }
      state.asks++;
      state.askedAt = now;
      list.push(sequence);
    }
    return list;
  }

  /** The report on what came since the last one. */
  report(now: Millis): ReportBlock {
    const expected = this.#highest - this.#base + 1;
    const expectedSince = expected - this.#expectedPrior;
    const lostSince = expectedSince - (this.#received - this.#receivedPrior);
    this.#expectedPrior = expected;
    this.#receivedPrior = this.#received;
    return {
      ssrc: this.ssrc,
      fractionLost:
        expectedSince <= 0 || lostSince <= 0
          ? 0
          : Math.min(255, Math.floor((lostSince * 256) / expectedSince)),
      lost: Math.max(-0x800000, Math.min(0x7fffff, expected - this.#received)),
      highestSequence: this.#highest >>> 0,
      jitter: Math.round(this.#jitter),
      lastSr: this.#lastSr,
      delaySinceLastSr: this.#lastSr === 0 ? 0 : Math.round(((now - this.#lastSrAt) * 65536) / 1000),
    };
  }

  #restart(sequence: number): void {
    this.#base = sequence;
    this.#highest = sequence;
    this.#received = 0;
    this.#expectedPrior = 0;
    this.#receivedPrior = 0;
    this.#transit = undefined;
    this.#missing.clear();
  }
}
