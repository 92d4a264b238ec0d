/** A point of the monotonic clock, or a span of it, in milliseconds. Wall time never enters the core. */
export type Millis = number;

/** Tells the monotonic time. Real in `adapters/clock`, virtual in `test/support`. */
export interface Clock {
  now(): Millis;
}

/** Tells Unix time in ms; only where a protocol carries wall time (tokens, TURN credentials, RTCP's NTP). */
export interface WallClock {
  unixMs(): number;
}
