import type { Clock, Millis } from '../base/clock.ts';
import { formatHostPort } from '../base/net.ts';
import type { NextHop } from './ports.ts';

/** Targets remembered at a time; beyond, the oldest is forgotten. */
const MAX_TARGETS = 1024;

/** Next hops that did not answer, and so are tried last for a while (RFC 3263 section 4.3). */
export class FailedTargets {
  readonly #clock: Clock;
  readonly #holdMs: Millis;
  readonly #until = new Map<string, Millis>();

  constructor(clock: Clock, holdMs: Millis = 60_000) {
    this.#clock = clock;
    this.#holdMs = holdMs;
  }

  failed(hop: NextHop): void {
    const key = keyOf(hop);
    this.#until.delete(key);
    if (this.#until.size >= MAX_TARGETS) {
      const [oldest] = this.#until.keys();
      if (oldest !== undefined) this.#until.delete(oldest);
    }
    this.#until.set(key, this.#clock.now() + this.#holdMs);
  }

  worked(hop: NextHop): void {
    this.#until.delete(keyOf(hop));
  }

  /** It failed of late, and has not worked since. */
  isBad(hop: NextHop): boolean {
    return (this.#until.get(keyOf(hop)) ?? 0) > this.#clock.now();
  }

  /** Those that failed of late at the end: when all did, they are all there is. */
  sort(hops: readonly NextHop[]): NextHop[] {
    const isBad = (hop: NextHop) => this.isBad(hop);
    return [...hops.filter((hop) => !isBad(hop)), ...hops.filter(isBad)];
  }
}

function keyOf({ transport, remote }: NextHop): string {
  return `${transport} ${formatHostPort(remote)}`;
}
