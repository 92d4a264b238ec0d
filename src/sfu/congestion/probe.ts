import type { Millis } from '../../base/clock.ts';

/** A probe is judged when so long has passed since its last packet. */
const JUDGE_AFTER: Millis = 300;
/** Fewer arrivals say nothing. */
const MIN_PACKETS = 5;

/** One try whether more passes: the packets of a short stretch, and how fast they came out at the other end. */
export class Probe {
  readonly id: number;
  /** What is tried, bits a second. */
  readonly rate: number;
  readonly #endsAt: Millis;
  #firstSent: Millis = Number.POSITIVE_INFINITY;
  #lastSent: Millis = Number.NEGATIVE_INFINITY;
  #firstArrival: Millis = Number.POSITIVE_INFINITY;
  #lastArrival: Millis = Number.NEGATIVE_INFINITY;
  #lastBytes = 0;
  #firstBytes = 0;
  #bytes = 0;
  #arrived = 0;

  constructor(id: number, rate: number, endsAt: Millis) {
    this.id = id;
    this.rate = rate;
    this.#endsAt = endsAt;
  }

  isSending(now: Millis): boolean {
    return now < this.#endsAt;
  }

  isOver(now: Millis): boolean {
    return now >= this.#endsAt + JUDGE_AFTER;
  }

  /** One of its packets arrived. */
  arrived(sentAt: Millis, arrival: Millis, bytes: number): void {
    this.#arrived++;
    this.#bytes += bytes;
    if (sentAt > this.#lastSent) this.#lastBytes = bytes;
    if (arrival < this.#firstArrival) this.#firstBytes = bytes;
    this.#firstSent = Math.min(this.#firstSent, sentAt);
    this.#lastSent = Math.max(this.#lastSent, sentAt);
    this.#firstArrival = Math.min(this.#firstArrival, arrival);
    this.#lastArrival = Math.max(this.#lastArrival, arrival);
  }

  /**
   * What passed, bits a second: as much as was sent, or, where the packets came out more slowly than they went in, a little
   * less than they came out with. Undefined: too few came.
   */
  result(): number | undefined {
    const sending = this.#lastSent - this.#firstSent;
    const arriving = this.#lastArrival - this.#firstArrival;
    if (this.#arrived < MIN_PACKETS || sending <= 0 || arriving <= 0) return undefined;
    const sendRate = ((this.#bytes - this.#lastBytes) * 8000) / sending;
    const arrivalRate = ((this.#bytes - this.#firstBytes) * 8000) / arriving;
    return arrivalRate < 0.9 * sendRate ? 0.95 * arrivalRate : Math.min(sendRate, arrivalRate);
  }
}
