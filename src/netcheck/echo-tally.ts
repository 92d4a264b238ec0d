import { type Measured, measure } from './findings.ts';

/** An echo that comes after one of a message sent so many later is too late for a voice. */
const OVERTAKEN = 3;

/**
 * Counts numbered messages and their echoes. An echo that was overtaken by three others counts as lost: the gateway's data
 * channels send again what the line lost, and a voice has no use for that.
 */
export class EchoTally {
  readonly #sentAt: number[] = [];
  readonly #roundTrips = new Map<number, number>();
  #latest = -1;

  /** How many were sent: the number of the next one. */
  get sent(): number {
    return this.#sentAt.length;
  }

  /** All that were sent came back in time. */
  get complete(): boolean {
    return this.#roundTrips.size === this.#sentAt.length;
  }

  /** The next message goes out; times in ms. */
  send(now: number): void {
    this.#sentAt.push(now);
  }

  /** The echo of message `number` is here; one that nobody sent, or a second one, is passed over. */
  receive(number: number, now: number): void {
    const sentAt = this.#sentAt[number];
    if (sentAt === undefined || this.#roundTrips.has(number)) return;
    if (number + OVERTAKEN <= this.#latest) return;
    this.#latest = Math.max(this.#latest, number);
    this.#roundTrips.set(number, now - sentAt);
  }

  /** The sum of it. */
  get measured(): Measured {
    return measure(this.#sentAt.length, [...this.#roundTrips.values()]);
  }
}
