/**
 * A leg that rests: a phone that says nothing, though it sends. Its packets wait in a lane, and what it is sent is sent by
 * the lane; from time to time, and before anything else happens to the leg, all that was put off is worked off as if it
 * had been done in time, for everything here is told the time. So a leg's state is what it would be, a little later, and
 * its cost is a fraction: many packets of one leg in a row find in the processor's cache what one of each leg does not.
 */
import type { Millis } from '../base/clock.ts';
import type { QuietLane } from '../base/quiet-lane.ts';

/** Ticks that are remembered; a leg is settled much sooner. */
const REMEMBERED = 64;

/** The times of a room's last ticks. */
export class TickLog {
  readonly #times = new Float64Array(REMEMBERED);
  /** Ticks since the beginning. */
  count = 0;

  add(now: Millis): void {
    this.#times[this.count % REMEMBERED] = now;
    this.count++;
  }

  /** When the tick of that number was: one of the last. */
  at(tick: number): Millis {
    return this.#times[tick % REMEMBERED]!;
  }

  /** The first tick from `tick` on that is remembered. */
  first(tick: number): number {
    return Math.max(tick, this.count - REMEMBERED);
  }
}

/** What a leg does of what was put off. */
export interface PutOff {
  take(bytes: Uint8Array, at: Millis): void;
  pull(at: Millis): void;
}

/** One leg's rest. */
export class LegRest {
  readonly lane: QuietLane;
  readonly #ticks: TickLog;
  readonly #onAwake: () => void;
  #tick: number;

  /** It begins behind the last tick of `ticks`. */
  constructor(lane: QuietLane, ticks: TickLog, onAwake: () => void) {
    this.lane = lane;
    this.#ticks = ticks;
    this.#onAwake = onAwake;
    this.#tick = ticks.count;
  }

  /** Has `leg` do what was put off, each at its time; answers how many packets the lane has sent meanwhile. */
  workOff(leg: PutOff): number {
    const ticks = this.#ticks;
    const end = ticks.count;
    let tick = ticks.first(this.#tick);
    const sent = this.lane.drain((bytes, at) => {
      for (; tick < end && ticks.at(tick) < at; tick++) leg.pull(ticks.at(tick));
      leg.take(bytes, at);
    });
    for (; tick < end; tick++) leg.pull(ticks.at(tick));
    this.#tick = end;
    return sent;
  }

  /** All is worked off; the leg is as any other again. */
  end(): void {
    this.lane.wake();
    this.#onAwake();
  }
}
