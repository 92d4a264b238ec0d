import type { IcePolicy } from '../peer/context.ts';
import type { HostCandidate } from '../sdp/candidates.ts';
import { type Announcer, announcer } from './addresses.ts';
import { hostCandidates } from './candidates.ts';
import { announcedAddresses, selectedAddresses } from './config/announced.ts';
import type { StartupConfig } from './config/read.ts';
import type { OwnAddresses } from './own-addresses.ts';

/** What others are told of where we are. */
export interface Announcing {
  /** A phone or trunk: one address. */
  readonly announce: Announcer;
  /** Browsers, of a media port. */
  readonly candidates: (port: number, policy?: IcePolicy) => readonly HostCandidate[];
  /** All addresses that are ours, and those that stand for them outside of a NAT. */
  readonly all: () => readonly string[];
}

/**
 * As `startup` has it, and where that says nothing of addresses, as this machine has them at the time of asking. What STUN has
 * discovered stays. Throws a StartupError when nothing is left for browsers.
 */
export function announcing(
  { config, mode, addresses }: Pick<StartupConfig, 'config' | 'mode' | 'addresses'>,
  own: OwnAddresses,
): Announcing {
  const isLocal = new Set(own.locals.map(({ address }) => address));
  const isAsked = config.node.stun_servers.length > 0;
  const discovered = isAsked ? addresses.filter((address) => !isLocal.has(address)) : [];
  const announced = own.live(() =>
    config.node.addresses.length > 0
      ? addresses
      : announcedAddresses([], selectedAddresses(own.locals, config.node), mode, discovered),
  );
  const announce = own.live(() => announcer(announced(), own.locals));
  const candidates = own.live(() => hostCandidates(config.ice, announced()));
  return {
    announce: (remote) => announce()(remote),
    candidates: (port, policy) => candidates()(port, policy),
    all: () => [...announced(), ...own.locals.map(({ address }) => address)],
  };
}
