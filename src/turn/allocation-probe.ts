import { type AllocationOutcome, RelayClient, type RelayClientOptions } from './relay-client.ts';

/** What came of a probe. */
export type ProbeOutcome = AllocationOutcome;

export interface AllocationProbeOptions extends Omit<RelayClientOptions, 'allocated' | 'onData'> {
  /** Called once. */
  done(outcome: ProbeOutcome): void;
}

/**
 * Asks a TURN server for an allocation as a browser does (RFC 8656 section 7.1), and gives it back at once: the only
 * question whose answer tells that a relay works.
 */
export class AllocationProbe {
  readonly #client: RelayClient;

  /** Sends the first request. */
  constructor(options: AllocationProbeOptions) {
    this.#client = new RelayClient({
      ...options,
      allocated: (outcome) => {
        if (outcome.kind === 'allocated') this.#client.release();
        else this.#client.stop();
        options.done(outcome);
      },
    });
  }

  /** A datagram or a frame from the server; never throws. */
  receive(bytes: Uint8Array): void {
    this.#client.receive(bytes);
  }

  /** Asks no more, and tells nothing. */
  stop(): void {
    this.#client.stop();
  }
}
