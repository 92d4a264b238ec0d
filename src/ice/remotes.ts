import type { Millis } from '../base/clock.ts';
import type { HostPort } from '../base/net.ts';
import type { StreamPath } from './stream-path.ts';

/** A remote transport address from which an authenticated check came. */
export interface Remote extends HostPort {
  /** When the last authenticated check came from here. */
  checkedAt: Millis;
  /** The connection that it came on; undefined: UDP. */
  readonly stream: StreamPath | undefined;
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

  find(address: string, port: number, stream?: StreamPath): Remote | undefined {
    // A plain loop: it runs for media too, and there are one or two entries.
    for (const remote of this.#list) {
      if (remote.port === port && remote.stream === stream && remote.address === address) return remote;
    }
    return undefined;
  }

  /** Adds an address. Returns the one that had to go: the longest unchecked, but never `keep`. */
  add(
    address: string,
    port: number,
    now: Millis,
    keep: Remote | undefined,
    stream?: StreamPath,
  ): { added: Remote; evicted: Remote | undefined } {
    let evicted: Remote | undefined;
    if (this.#list.length >= this.#limit) {
      for (const remote of this.#list) {
        if (remote !== keep && (evicted === undefined || remote.checkedAt < evicted.checkedAt))
          evicted = remote;
      }
      if (evicted !== undefined) this.#list.splice(this.#list.indexOf(evicted), 1);
    }
    const added: Remote = { address, port, checkedAt: now, stream };
    this.#list.push(added);
    return { added, evicted };
  }

  /** Forgets what came on a connection that has ended; undefined when nothing did. */
  removeStream(stream: StreamPath): Remote | undefined {
    const index = this.#list.findIndex((remote) => remote.stream === stream);
    return index < 0 ? undefined : this.#list.splice(index, 1)[0];
  }

  /** The one that was checked last, `but` one. */
  latest(but?: Remote): Remote | undefined {
    let latest: Remote | undefined;
    for (const remote of this.#list) {
      if (remote === but) continue;
      if (latest === undefined || remote.checkedAt > latest.checkedAt) latest = remote;
    }
    return latest;
  }

  list(): readonly Remote[] {
    return this.#list;
  }
}
