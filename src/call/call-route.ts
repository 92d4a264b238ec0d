import type { Random } from '../base/random.ts';
import type { NextHop } from '../sip/ports.ts';
import { formatUri, parseHostPort } from '../sip/uri.ts';
import { isInCountries } from '../trunk/dialled-number.ts';
import { normalizeNumber } from '../trunk/number.ts';
import type { OutboundTrunk, Target } from '../trunk/outbound.ts';
import { redirectedTargets } from '../trunk/redirect.ts';
import { orderTargets } from '../trunk/targets.ts';

/** Addresses of one name that are tried. */
const MAX_HOPS = 8;

/** Where targets are (RFC 3263), with a memory of those that did not answer. */
export interface TargetLocator {
  /** None when it cannot be found. May answer at once or later. */
  locate(target: Target, found: (hops: readonly NextHop[]) => void): void;
  /** Nothing came from there: it is better tried last for a while. */
  failed(hop: NextHop): void;
  worked(hop: NextHop): void;
  isBad(hop: NextHop): boolean;
}

/** One INVITE to be sent. */
export interface Attempt {
  readonly hop: NextHop;
  /** Request-URI. */
  readonly to: string;
  /** Whether whoever is there may be given the trunk's credentials. */
  readonly trust: 'credentials' | 'none';
}

type Place = Omit<Attempt, 'hop'> & { readonly target: Target };

export interface CallRouteOptions {
  readonly trunk: OutboundTrunk;
  /** User of the Request-URI. */
  readonly user: string;
  /** Whether a target answers, as far as is known. */
  readonly isUp: (trunk: OutboundTrunk, target: Target) => boolean;
  readonly locator: TargetLocator;
  readonly random: Random;
}

/**
 * Where one call is tried, one attempt after the other: the trunk's targets, each looked up when its turn comes, and
 * what redirections name before them. Addresses that failed of late come last, whichever target they belong to.
 */
export class CallRoute {
  readonly #options: CallRouteOptions;
  readonly #places: Place[];
  readonly #redirected: Place[] = [];
  readonly #ready: Attempt[] = [];
  readonly #lastResort: Attempt[] = [];
  /** Request-URIs that were tried: a redirection back to one of them is a loop. */
  readonly #tried: Set<string>;
  #redirections = 0;

  constructor(options: CallRouteOptions) {
    this.#options = options;
    const { trunk, user, isUp, random } = options;
    const { host, port } = parseHostPort(trunk.domain) ?? { host: trunk.domain, port: undefined };
    const to = formatUri({ scheme: 'sip', user, host, port, params: new Map() });
    this.#tried = new Set([to]);
    const targets = orderTargets(trunk.targets, (target) => isUp(trunk, target), random);
    this.#places = targets.map((target) => ({ target, to, trust: 'credentials' }));
  }

  /** The next attempt; undefined when there is none left. May answer at once or later. */
  next(found: (attempt: Attempt | undefined) => void): void {
    const ready = this.#ready.shift();
    if (ready !== undefined) {
      found(ready);
      return;
    }
    const place = this.#redirected.shift() ?? this.#places.shift();
    if (place === undefined) {
      found(this.#lastResort.shift());
      return;
    }
    const { to, trust, target } = place;
    const { locator } = this.#options;
    locator.locate(target, (hops) => {
      for (const hop of hops.slice(0, MAX_HOPS)) {
        (locator.isBad(hop) ? this.#lastResort : this.#ready).push({ hop, to, trust });
      }
      this.next(found);
    });
  }

  /**
   * A 3xx came, with these Contacts. False: it is not followed, for the policy, the hosts, the number or the loop that it
   * would be.
   */
  redirect(contacts: readonly string[]): boolean {
    const { trunk } = this.#options;
    const { redirects } = trunk;
    if (redirects.do === 'refuse') return false;
    // Other addresses of whoever redirects would say the same.
    this.#ready.length = 0;
    for (const { target, user, isOwn } of redirectedTargets(contacts, trunk, redirects.hosts)) {
      const { host, port } = target;
      const to = formatUri({ scheme: 'sip', user, host, port, params: new Map() });
      if (this.#redirections === redirects.max || this.#tried.has(to) || !this.#mayCall(user)) continue;
      this.#redirections++;
      this.#tried.add(to);
      this.#redirected.push({ target, to, trust: isOwn ? 'credentials' : 'none' });
    }
    return this.hasAlternative;
  }

  /** Places of a redirection are left: they are tried even after somebody refused. */
  get hasAlternative(): boolean {
    return this.#redirected.length > 0;
  }

  #mayCall(user: string): boolean {
    const { country, allowedCountries } = this.#options.trunk;
    const number = normalizeNumber(user, country);
    return number.ok && isInCountries(number.value, allowedCountries);
  }
}
