import type { Millis } from '../base/clock.ts';

/** For whom a TURN server is, and where. */
export interface RelayPlacement {
  /** Whether it is for a client at this address; undefined: for all. */
  readonly serves?: ((client: string) => boolean) | undefined;
  /** A name that servers near each other share. */
  readonly region?: string | undefined;
}

/** How servers are chosen for a client. */
export interface RelaySelection {
  /** The region of a client, by its address; undefined: nobody knows. */
  regionOf(client: string): string | undefined;
  /** Of servers that are as near as each other: as they are configured, or the one first that answers us soonest. */
  readonly order: 'configured' | 'rtt';
  /** Servers that a client is told of at most. */
  readonly limit: number;
}

/** All to everybody, as they are configured. */
export const EVERYBODY: RelaySelection = {
  regionOf: () => undefined,
  order: 'configured',
  limit: Number.POSITIVE_INFINITY,
};

/**
 * The servers for a client, the nearest first: those of its own region, then the others. A client whose address is not
 * known has no region, and none of the servers that are for some only.
 */
export function nearest<T extends RelayPlacement>(
  relays: readonly T[],
  client: string | undefined,
  { limit, order, regionOf }: RelaySelection,
  rttOf: (relay: T) => Millis,
): T[] {
  const region = client === undefined ? undefined : regionOf(client);
  const able = relays.filter(
    ({ serves }) => serves === undefined || (client !== undefined && serves(client)),
  );
  const rank = (relay: T) => (region !== undefined && relay.region === region ? 0 : 1);
  const far = (relay: T) => (order === 'rtt' ? rttOf(relay) : 0);
  // Infinity less Infinity is no number: of those that never answered the configured order stands.
  const sooner = (a: T, b: T) => (far(a) === far(b) ? 0 : far(a) - far(b));
  return able.sort((a, b) => rank(a) - rank(b) || sooner(a, b)).slice(0, limit);
}
