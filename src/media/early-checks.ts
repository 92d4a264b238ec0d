import type { Clock, Millis } from '../base/clock.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';

/** Checks kept at once, of at most a datagram's 2 kB each. */
const MAX_HELD = 32;
/** How long one is kept: what a main thread under load may be behind with telling us whom it has let in. */
const HELD_MS: Millis = 500;

/** A check that came before the transport that it names, by UDP or on a `stream`. */
export interface EarlyCheck<Stream> {
  readonly ufrag: string;
  readonly bytes: Uint8Array;
  readonly address: string;
  readonly port: number;
  readonly stream: Stream | undefined;
}

interface Held<Stream> extends EarlyCheck<Stream> {
  readonly until: Millis;
}

/**
 * ICE checks that name nobody yet. A client near by has its answer before the worker has heard of its transport, and its first check
 * comes to nobody: it would be late by a repetition, and ffmpeg as DTLS client never repeats one. RFC 8445 section 7.3 has such checks
 * answered; they wait here for a moment, and nothing of them is believed before.
 */
export class EarlyChecks<Stream> {
  readonly #timers: Timers;
  readonly #clock: Clock;
  readonly #onDropped: (count: number) => void;
  /** The oldest first. */
  #held: Held<Stream>[] = [];
  #alarm: Alarm | undefined;

  /** `onDropped`: so many will never be asked for. */
  constructor(options: { timers: Timers; clock: Clock; onDropped: (count: number) => void }) {
    this.#timers = options.timers;
    this.#clock = options.clock;
    this.#onDropped = (count) => options.onDropped(count);
  }

  /** Keeps a copy, or drops it while there are too many. */
  hold(check: EarlyCheck<Stream>): void {
    if (this.#held.length >= MAX_HELD) {
      this.#onDropped(1);
      return;
    }
    this.#held.push({ ...check, bytes: check.bytes.slice(), until: this.#clock.now() + HELD_MS });
    this.#arm();
  }

  /** What waited for this ufrag, in the order of arrival. */
  take(ufrag: string): readonly EarlyCheck<Stream>[] {
    if (this.#held.length === 0) return [];
    const found = this.#held.filter((check) => check.ufrag === ufrag);
    if (found.length > 0) this.#held = this.#held.filter((check) => check.ufrag !== ufrag);
    return found;
  }

  /** What came on a connection that has ended has nobody behind it. */
  forget(stream: Stream): void {
    const before = this.#held.length;
    this.#held = this.#held.filter((check) => check.stream !== stream);
    if (this.#held.length < before) this.#onDropped(before - this.#held.length);
  }

  /** Nobody will ask any more. */
  close(): void {
    this.#timers.cancel(this.#alarm);
    this.#alarm = undefined;
    const count = this.#held.splice(0).length;
    if (count > 0) this.#onDropped(count);
  }

  #arm(): void {
    const oldest = this.#held[0];
    if (oldest === undefined || this.#alarm !== undefined) return;
    this.#alarm = this.#timers.schedule(oldest.until, (now) => {
      this.#alarm = undefined;
      const late = this.#held.filter(({ until }) => until <= now).length;
      this.#held = this.#held.slice(late);
      if (late > 0) this.#onDropped(late);
      this.#arm();
    });
  }
}
