import type { Clock, Millis } from '../base/clock.ts';
import type { Alarm, Timers } from '../base/wake-queue.ts';
import { type LocalAddress, localAddresses } from './local-addresses.ts';

/** How often this machine's addresses are looked at, ms: no kernel tells Node of a change. */
const LOOK_MS: Millis = 5000;

export interface OwnAddressesOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  /** How they are read; by default from the system. */
  readonly read?: () => LocalAddress[];
  readonly onFault: (error: unknown) => void;
}

/** What came and what went. */
export interface AddressChange {
  readonly added: readonly string[];
  readonly gone: readonly string[];
}

/** This machine's addresses as they are now: a network may come up later than we do, and DHCP may give another address. */
export class OwnAddresses {
  readonly #options: OwnAddressesOptions;
  readonly #read: () => LocalAddress[];
  readonly #listeners: ((change: AddressChange) => void)[] = [];
  #locals: readonly LocalAddress[];
  #alarm: Alarm;

  constructor(options: OwnAddressesOptions) {
    this.#options = options;
    this.#read = options.read ?? localAddresses;
    this.#locals = this.#read();
    this.#alarm = this.#wait();
  }

  get locals(): readonly LocalAddress[] {
    return this.#locals;
  }

  /** Hears of each change, in the order of the calls, when {@link locals} has it already. */
  watch(changed: (change: AddressChange) => void): void {
    this.#listeners.push(changed);
  }

  /** What `make` makes of the addresses, and makes anew when they have changed; what it made before stays when it throws. */
  live<T>(make: () => T): () => T {
    let made = make();
    this.watch(() => {
      made = make();
    });
    return () => made;
  }

  /** Somebody could not do what a change asks for. */
  readonly fault = (error: unknown): void => {
    this.#options.onFault(error);
  };

  stop(): void {
    this.#options.timers.cancel(this.#alarm);
    this.#listeners.length = 0;
  }

  #wait(): Alarm {
    const { clock, timers } = this.#options;
    return timers.schedule(clock.now() + LOOK_MS, () => {
      this.#alarm = this.#wait();
      this.#look();
    });
  }

  #look(): void {
    const before = this.#locals;
    this.#locals = this.#read();
    const added = missing(this.#locals, before);
    const gone = missing(before, this.#locals);
    if (added.length + gone.length === 0) return;
    for (const changed of this.#listeners) {
      try {
        changed({ added, gone });
      } catch (error) {
        this.fault(error);
      }
    }
  }
}

/** Addresses, with their networks, that are in `all` and not in `others`. */
function missing(all: readonly LocalAddress[], others: readonly LocalAddress[]): string[] {
  const known = new Set(others.map(({ cidr, interface: name }) => `${cidr} ${name}`));
  return all.flatMap(({ address, cidr, interface: name }) => (known.has(`${cidr} ${name}`) ? [] : [address]));
}
