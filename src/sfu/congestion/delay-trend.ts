import type { Millis } from '../../base/clock.ts';

/** Whether a queue grows on the way (draft-ietf-rmcat-gcc-02 section 5.4): `underuse`, it drains. */
export type Usage = 'normal' | 'overuse' | 'underuse';

/** Packets that leave within so long are one group (section 5.2). */
const BURST: Millis = 5;
/** Groups that the line is laid through. */
const WINDOW = 20;
const SMOOTHING = 0.9;
const GAIN = 4;
const MAX_DELTAS = 60;
/** The threshold follows the trend, up slowly and down more slowly (section 5.4). */
const THRESHOLD = { start: 12.5, least: 6, most: 600, up: 0.0087, down: 0.039 };
/** Overuse counts when it has lasted. */
const OVERUSE_TIME: Millis = 10;
/** A jump of arrivals by more is a path that stood still, not a queue. */
const STANDSTILL: Millis = 3000;

interface Group {
  firstSent: Millis;
  lastSent: Millis;
  lastArrival: Millis;
}

/**
 * Sees a queue grow by the delays between groups of packets, which are longer at arrival than they were at sending: the
 * slope of a line through the smoothed sums (the trendline filter that browsers use), against a threshold that adapts.
 */
export class DelayTrend {
  usage: Usage = 'normal';
  #group: Group | undefined;
  #previous: Group | undefined;
  #sum: Millis = 0;
  #smoothed: Millis = 0;
  #count = 0;
  #firstArrival: Millis = 0;
  readonly #times = new Float64Array(WINDOW);
  readonly #delays = new Float64Array(WINDOW);
  #threshold = THRESHOLD.start;
  #thresholdAt: Millis | undefined;
  #overuseFor: Millis = 0;
  #overuses = 0;
  #lastTrend = 0;

  /** A packet arrived. Call in the order of sending. `arrival` is of the receiver's clock. */
  push(sentAt: Millis, arrival: Millis): void {
    const group = this.#group;
    if (group === undefined) {
      this.#group = { firstSent: sentAt, lastSent: sentAt, lastArrival: arrival };
      return;
    }
    if (sentAt < group.firstSent) return;
    if (sentAt - group.firstSent <= BURST) {
      group.lastSent = Math.max(group.lastSent, sentAt);
      group.lastArrival = Math.max(group.lastArrival, arrival);
      return;
    }
    if (this.#previous !== undefined) this.#compare(this.#previous, group);
    this.#previous = group;
    this.#group = { firstSent: sentAt, lastSent: sentAt, lastArrival: arrival };
  }

  #compare(before: Group, after: Group): void {
    const sendDelta = after.lastSent - before.lastSent;
    const arrivalDelta = after.lastArrival - before.lastArrival;
    if (arrivalDelta - sendDelta > STANDSTILL || arrivalDelta < -STANDSTILL) {
      this.#reset();
      return;
    }
    this.#count++;
    if (this.#count === 1) this.#firstArrival = after.lastArrival;
    this.#sum += arrivalDelta - sendDelta;
    this.#smoothed = SMOOTHING * this.#smoothed + (1 - SMOOTHING) * this.#sum;
    const at = this.#count % WINDOW;
    this.#times[at] = after.lastArrival - this.#firstArrival;
    this.#delays[at] = this.#smoothed;
    if (this.#count >= WINDOW) this.#detect(this.#slope(), sendDelta, after.lastArrival);
  }

  #slope(): number {
    let times = 0;
    let delays = 0;
    for (let i = 0; i < WINDOW; i++) {
      times += this.#times[i]!;
      delays += this.#delays[i]!;
    }
    times /= WINDOW;
    delays /= WINDOW;
    let above = 0;
    let below = 0;
    for (let i = 0; i < WINDOW; i++) {
      const time = this.#times[i]! - times;
      above += time * (this.#delays[i]! - delays);
      below += time * time;
    }
    return below === 0 ? 0 : above / below;
  }

  #detect(slope: number, sendDelta: Millis, now: Millis): void {
    const trend = Math.min(this.#count, MAX_DELTAS) * slope * GAIN;
    if (trend > this.#threshold) {
      this.#overuseFor += this.#overuses === 0 ? sendDelta / 2 : sendDelta;
      this.#overuses++;
      if (this.#overuseFor > OVERUSE_TIME && this.#overuses > 1 && trend >= this.#lastTrend) {
        this.#overuseFor = 0;
        this.#overuses = 0;
        this.usage = 'overuse';
      }
    } else {
      this.#overuseFor = 0;
      this.#overuses = 0;
      this.usage = trend < -this.#threshold ? 'underuse' : 'normal';
    }
    this.#lastTrend = trend;
    this.#adapt(Math.abs(trend), now);
  }

  #adapt(trend: number, now: Millis): void {
    const since = Math.min(100, now - (this.#thresholdAt ?? now));
    this.#thresholdAt = now;
    // A spike says nothing of what is usual here.
    if (trend > this.#threshold + 15) return;
    const step = trend < this.#threshold ? THRESHOLD.down : THRESHOLD.up;
    const threshold = this.#threshold + step * (trend - this.#threshold) * since;
    this.#threshold = Math.max(THRESHOLD.least, Math.min(THRESHOLD.most, threshold));
  }

  #reset(): void {
    this.#count = 0;
    this.#sum = 0;
    this.#smoothed = 0;
    this.#overuseFor = 0;
    this.#overuses = 0;
    this.usage = 'normal';
  }
}
