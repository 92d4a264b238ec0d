import type { Millis } from '../../base/clock.ts';
import type { Usage } from './delay-trend.ts';

/** Bits a second. */
export const RATES = { start: 600_000, least: 50_000, most: 50_000_000 } as const;

/** draft-ietf-rmcat-gcc-02 section 5.5: what is left of the incoming rate when a queue grows. */
const DECREASE = 0.85;
/** Growth a second, far from where the last queue grew. */
const GROWTH = 1.08;
/** Section 6: losses that say nothing, and those that say that a queue overflows. */
const LOSS = { low: 0.02, high: 0.1 };
/** Losses are judged over so many packets at least, and not more often. */
const JUDGED_PACKETS = 40;
const JUDGE_EVERY: Millis = 300;
/** An increase needs so much traffic: what is not tried says nothing. */
const BEYOND_ACKNOWLEDGED = 1.5;
/** Beside a round trip, what a smaller layer needs to come in and the queue to drain, before more is taken off. */
const TAKES_EFFECT: Millis = 400;

/**
 * What a connection carries, from what its queue and its losses say (draft-ietf-rmcat-gcc-02 sections 5.5 and 6): a queue that
 * grows takes the rate below what arrives, losses of over a tenth take it down by half their part, and else it grows, near
 * the rate of the last queue by steps.
 */
export class RateControl {
  /** Bits a second. */
  rate: number = RATES.start;
  /** The rates at which a queue grew, smoothed, and how far they lie apart. */
  #capacity: number | undefined;
  #updatedAt: Millis | undefined;
  #decreasedAt: Millis = Number.NEGATIVE_INFINITY;
  #packets = 0;
  #lost = 0;
  #judgedAt: Millis = 0;
  #loss = 0;

  /** Part of the packets that was lost of late, 0 … 1. */
  get loss(): number {
    return this.#loss;
  }

  /** When the rate was taken down the last time; -Infinity: never. */
  get decreasedAt(): Millis {
    return this.#decreasedAt;
  }

  /** What one feedback says. `acknowledged` is what arrives, bits a second, if it is known. */
  update(
    report: { usage: Usage; acknowledged: number | undefined; packets: number; lost: number; rttMs: Millis },
    now: Millis,
  ): void {
    const { acknowledged, lost, packets, rttMs, usage } = report;
    const elapsed = Math.min(1000, now - (this.#updatedAt ?? now));
    this.#updatedAt = now;
    this.#packets += packets;
    this.#lost += lost;
    const lossy = this.#judgeLoss(now);
    if (usage === 'overuse') {
      if (now - this.#decreasedAt > TAKES_EFFECT + rttMs) this.#decrease(acknowledged, now);
    } else if (lossy === 'high') {
      this.#set(this.rate * (1 - this.#loss / 2));
      this.#decreasedAt = now;
    } else if (usage === 'normal' && this.#loss <= LOSS.high / 2) {
      this.#increase(acknowledged, rttMs, elapsed);
    }
  }

  /** A probe showed that so much passes, bits a second. */
  proven(rate: number): void {
    if (rate <= this.rate) return;
    this.#set(rate);
    if (this.#capacity !== undefined && rate > 1.2 * this.#capacity) this.#capacity = undefined;
  }

  #decrease(acknowledged: number | undefined, now: Millis): void {
    this.#decreasedAt = now;
    if (acknowledged !== undefined) {
      const near =
        this.#capacity !== undefined &&
        acknowledged > 0.7 * this.#capacity &&
        acknowledged < 1.3 * this.#capacity;
      this.#capacity = near ? 0.95 * this.#capacity! + 0.05 * acknowledged : acknowledged;
    }
    const arrives = DECREASE * (acknowledged ?? this.rate);
    // A pause of the traffic makes what arrives small, and says nothing of the way.
    this.#set(Math.min(this.rate, Math.max(arrives, 0.5 * this.rate)));
  }

  #increase(acknowledged: number | undefined, rttMs: Millis, elapsed: Millis): void {
    const nearCapacity =
      this.#capacity !== undefined && this.rate > 0.7 * this.#capacity && this.rate < 1.3 * this.#capacity;
    const packetARoundTrip = (8 * 1200 * elapsed) / (100 + rttMs);
    const grown = nearCapacity
      ? this.rate + Math.max((4000 * elapsed) / 1000, packetARoundTrip * 0.5)
      : this.rate * GROWTH ** (elapsed / 1000);
    const most = acknowledged === undefined ? this.rate : BEYOND_ACKNOWLEDGED * acknowledged + 10_000;
    if (grown > this.rate) this.#set(Math.max(this.rate, Math.min(grown, most)));
  }

  #judgeLoss(now: Millis): 'high' | 'some' | 'unknown' {
    if (this.#packets < JUDGED_PACKETS || now - this.#judgedAt < JUDGE_EVERY) return 'unknown';
    // Half of what was: three of forty packets are no sign of a queue.
    this.#loss = (this.#loss + this.#lost / this.#packets) / 2;
    this.#packets = 0;
    this.#lost = 0;
    this.#judgedAt = now;
    return this.#loss > LOSS.high ? 'high' : 'some';
  }

  #set(rate: number): void {
    this.rate = Math.max(RATES.least, Math.min(RATES.most, rate));
  }
}
