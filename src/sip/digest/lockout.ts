import type { Millis } from '../../base/clock.ts';

/** Wrong answers in a row before nothing of a source is verified any more, and for how long. */
const TRIES = 5;
const LOCKED_MS: Millis = 300_000;
/** Failures are forgotten after this quiet time. */
const FORGIVEN_MS: Millis = 60_000;
/** Sources that are remembered; the oldest go first. */
const MEMORY = 4096;

interface Failures {
  count: number;
  until: Millis;
}

/** Counts wrong passwords by source, so that nobody can try many. */
export class Lockout {
  readonly #bySource = new Map<string, Failures>();

  /** True while `source` is not listened to. */
  isLocked(source: string, now: Millis): boolean {
    const failures = this.#bySource.get(source);
    return failures !== undefined && failures.count >= TRIES && now < failures.until;
  }

  failed(source: string, now: Millis): void {
    const before = this.#bySource.get(source);
    const count = before === undefined || now >= before.until ? 1 : before.count + 1;
    this.#bySource.delete(source);
    if (this.#bySource.size >= MEMORY) {
      for (const oldest of this.#bySource.keys()) {
        this.#bySource.delete(oldest);
        break;
      }
    }
    this.#bySource.set(source, { count, until: now + (count >= TRIES ? LOCKED_MS : FORGIVEN_MS) });
  }

  succeeded(source: string): void {
    this.#bySource.delete(source);
  }
}
