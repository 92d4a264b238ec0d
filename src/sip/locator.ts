import type { Clock } from '../base/clock.ts';
import { FailedTargets } from './failed-targets.ts';
import { type LocateOptions, locate } from './locate.ts';
import type { NextHop, SipTransport } from './ports.ts';

/** A place to send to, as it is configured: `port` undefined asks the DNS for SRV. */
export interface Place {
  readonly host: string;
  readonly port: number | undefined;
  readonly transport: SipTransport;
}

/** {@link locate} for configured places, with a memory of those that did not answer. */
export class Locator {
  readonly #options: LocateOptions;
  readonly #failed: FailedTargets;

  constructor(options: LocateOptions & { readonly clock: Clock }) {
    this.#options = options;
    this.#failed = new FailedTargets(options.clock);
  }

  /** Hops in the order in which they are to be tried; none when the place cannot be found. May answer at once or later. */
  readonly locate = ({ host, port, transport }: Place, found: (hops: readonly NextHop[]) => void): void => {
    const params = new Map([['transport', transport]]);
    locate({ scheme: 'sip', host, port, params }, this.#options, (hops) => found(this.#failed.sort(hops)));
  };

  /** Nothing came from there: it is tried last for a minute. */
  failed(hop: NextHop): void {
    this.#failed.failed(hop);
  }

  worked(hop: NextHop): void {
    this.#failed.worked(hop);
  }

  /** It failed less than a minute ago, and has not worked since. */
  isBad(hop: NextHop): boolean {
    return this.#failed.isBad(hop);
  }
}
