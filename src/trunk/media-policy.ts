import type { HostPort } from '../base/net.ts';
import { AddressSet } from './addresses.ts';

/** What media of no trunk may reach: this machine in production, and our own ports ever. */
export class MediaPolicy {
  /** In `development` phones on this machine and on the local link may be talked to. */
  readonly mode: 'development' | 'production';
  #own: AddressSet;
  readonly #ports: ReadonlySet<number>;
  readonly #legs = new Set<number>();

  /** `addresses` are this machine's, `ports` those at which it listens. */
  constructor(options: {
    readonly mode: MediaPolicy['mode'];
    readonly addresses: readonly string[];
    readonly ports: Iterable<number>;
  }) {
    this.mode = options.mode;
    this.#own = setOf(options.addresses);
    this.#ports = new Set(options.ports);
  }

  /** From here on these are this machine's addresses. */
  replace(addresses: readonly string[]): void {
    this.#own = setOf(addresses);
  }

  /** A call has this RTP port, and the next for RTCP. */
  opened(port: number): void {
    this.#legs.add(port);
  }

  closed(port: number): void {
    this.#legs.delete(port);
  }

  /** Whether what is sent there comes back to ourselves. */
  isOwn({ address, port }: HostPort): boolean {
    const isTaken = this.#ports.has(port) || this.#legs.has(port) || this.#legs.has(port - 1);
    return isTaken && this.#own.has(address);
  }
}

function setOf(addresses: readonly string[]): AddressSet {
  return new AddressSet([...addresses, '127.0.0.0/8', '::1']);
}
