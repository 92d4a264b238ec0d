import type { Millis } from '../../base/clock.ts';

/** The letters of RFC 3261 table 4, L and M of RFC 6026; `P` is when RFC 4320 section 4.1 wants a 100. */
export type TimerName = 'A' | 'B' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M' | 'P';

/** The base times of RFC 3261 section 17.1.1.1, and whether the transport itself is reliable. */
export interface Timing {
  /** Round trip estimate. */
  readonly t1: Millis;
  /** Longest interval between retransmissions. */
  readonly t2: Millis;
  /** How long a message may live in the network. */
  readonly t4: Millis;
  readonly reliable: boolean;
}

/** RFC 3261 table 4. */
export const BASE_TIMES = { t1: 500, t2: 4000, t4: 5000 } as const;

/** What a transaction wants done, in order. */
export type Effect =
  | { readonly do: 'send'; readonly bytes: Uint8Array }
  | { readonly do: 'set'; readonly timer: TimerName; readonly after: Millis }
  | { readonly do: 'stop'; readonly timer: TimerName }
  /** Tell the transaction user. `response`: the response at hand; `timeout`: B, F or H rang. */
  | {
      readonly do: 'tell';
      readonly what: 'response' | 'ack' | 'timeout' | 'transport-error' | 'provisional-due';
    };

export interface Step<S> {
  readonly state: S;
  readonly effects: readonly Effect[];
}

const NONE: readonly Effect[] = [];

/** Nothing happens. */
export function stay<S>(state: S): Step<S> {
  return { state, effects: NONE };
}

/** To `state`, with these effects. */
export function go<S>(state: S, ...effects: Effect[]): Step<S> {
  return { state, effects };
}

export function send(bytes: Uint8Array): Effect {
  return { do: 'send', bytes };
}

export function set(timer: TimerName, after: Millis): Effect {
  return { do: 'set', timer, after };
}

export function stop(timer: TimerName): Effect {
  return { do: 'stop', timer };
}

export function tell(what: (Effect & { do: 'tell' })['what']): Effect {
  return { do: 'tell', what };
}
