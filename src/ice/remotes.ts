import type { Millis } from '../base/clock.ts';
import type { HostPort } from '../base/net.ts';

/** A remote transport address from which an authenticated check came. */
export interface Remote extends HostPort {
  /** When the last authenticated check came from here. */
  checkedAt: Millis;
}

/** The validated remote addresses of one transport: few, and never more than `limit`. */
export class Remotes {
  readonly #limit: number;
  readonly #list: Remote[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#list.length;
  }

  find(address: string, port: number): Remote | undefined {
    // A plain loop: it runs for media too, and there are one or two entries.
    for (const remote of this.#list) if (remote.port === port && remote.address === address) return remote;
    return undefined;
  }

  /** Adds an address. Returns the one that had to go: the longest unchecked, but never `keep`. */
  add(
    address: string,
    port: number,
    now: Millis,
    keep: Remote | undefined,
  ): { added: Remote; evicted: Remote | undefined } {
    let evicted: Remote | undefined;
    if (this.#list.length >= this.#limit) {
      for (const remote of this.#list) {
        if (remote !== keep && (evicted === undefined || remote.checkedAt < evicted.checkedAt))
          evicted = remote;
      }
      if (evicted !== undefined) this.#list.splice(this.#list.indexOf(evicted), 1);
    }
    const added: Remote = { address, port, checkedAt: now };
    this.#list.push(added);
    return { added, evicted };
  }

  list(): readonly HostPort[] {
    return this.#list;
  }
}
