import type { Clock, Millis } from '../base/clock.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import type { EventSink } from '../events/index.ts';
import { isDependent } from '../room/dependent.ts';
import type { RoomHandle } from '../room/ports.ts';

/** How often it is looked whether anybody is left, ms: an upgrade waits for no longer than this after the last call. */
const LOOK_MS: Millis = 200;
/** How often the log is told how many are left, ms. */
const TELL_MS: Millis = 10_000;

/** Who is still there. */
export interface Left {
  /** Calls with phones, those that ring among them. */
  readonly calls: number;
  /** People by browser. */
  readonly participants: number;
}

export interface DrainOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly emit: EventSink;
  /** How long who is there may stay. */
  readonly graceMs: Millis;
  readonly left: () => Left;
  /** Shuts the doors towards new calls and rooms. */
  readonly close: () => void;
}

/**
 * The time between the wish that the gateway stop and its end: nothing new is taken, and what lives goes on, until nobody is left, the
 * time is over, or somebody cuts it short.
 */
export class Drain {
  readonly #options: DrainOptions;
  #state: 'open' | 'draining' | 'over' = 'open';
  #until: Millis = 0;
  #tellAt: Millis = 0;
  #alarm: Alarm | undefined;

  constructor(options: DrainOptions) {
    this.#options = options;
  }

  /** Why no new calls are taken; empty: they are. How many are left is for the log and the metrics: strangers read this. */
  get why(): string {
    return this.#state === 'open' ? '' : 'draining';
  }

  /** Shuts the doors; `over` is called once, at once when nobody is there. */
  begin(over: () => void): void {
    if (this.#state !== 'open') return;
    const { clock, close, graceMs } = this.#options;
    const now = clock.now();
    this.#state = 'draining';
    this.#until = now + graceMs;
    this.#tellAt = now + TELL_MS;
    if (graceMs > 0) {
      close();
      this.#tell('begun', now);
    }
    this.#look(now, over);
  }

  /** Ends it, and calls nobody. */
  cut(): void {
    this.#options.timers.cancel(this.#alarm);
    this.#state = 'over';
  }

  #look(now: Millis, over: () => void): void {
    const { graceMs, left, timers } = this.#options;
    const { calls, participants } = left();
    const isOver = calls + participants === 0 || now >= this.#until;
    if (isOver) {
      this.#state = 'over';
      if (graceMs > 0) this.#tell('over', now);
      over();
      return;
    }
    if (now >= this.#tellAt) {
      this.#tellAt = now + TELL_MS;
      this.#tell('waiting', now);
    }
    this.#alarm = timers.schedule(Math.min(now + LOOK_MS, this.#until), (then) => this.#look(then, over));
  }

  #tell(state: 'begun' | 'waiting' | 'over', now: Millis): void {
    const leftMs = Math.max(0, Math.round(this.#until - now));
    this.#options.emit({ type: 'gateway.draining', state, ...this.#options.left(), leftMs });
  }
}

/** Who came by browser and is there for himself; agents and recorders are there for others, as LiveKit has it. */
export function peopleByBrowser(rooms: Iterable<Pick<RoomHandle, 'participants'>>): number {
  let people = 0;
  for (const { participants } of rooms)
    for (const each of participants.values()) if (each.kind !== 'sip' && !isDependent(each)) people++;
  return people;
}
