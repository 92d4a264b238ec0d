import { formatIPv6, parseIPv6 } from '../../stun/ip-text.ts';
import { AddressSet, addressScope, parseNetwork } from '../../trunk/addresses.ts';
import type { LocalAddress } from '../local-addresses.ts';
import type { Config } from './schema.ts';
import type { Path } from './source.ts';

/** Which addresses of this machine are looked at: all, or what `include` names, and never what `exclude` names. */
export function selectedAddresses(
  locals: readonly LocalAddress[],
  { include, exclude }: Pick<Config['node'], 'include' | 'exclude'>,
): LocalAddress[] {
  const isIncluded = include.length === 0 ? () => true : namedBy(include);
  const isExcluded = namedBy(exclude);
  return locals.filter((local) => isIncluded(local) && !isExcluded(local));
}

function namedBy(patterns: readonly string[]): (local: LocalAddress) => boolean {
  const networks = new AddressSet(patterns);
  // The schema lets nothing through that a name has not, but for the star.
  const names = patterns
    .filter((pattern) => !parseNetwork(pattern).ok)
    .map((pattern) => new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`));
  return (local) => networks.has(local.address) || names.some((name) => name.test(local.interface));
}

/** Addresses that mean nothing to others, and discovery of what is configured already. */
export function announcedFaults({ node }: Config): { path: Path; message: string }[] {
  const { addresses, stun_servers: servers } = node;
  const faults = addresses.flatMap((address, index): { path: Path; message: string }[] => {
    // RFC 4291 section 2.5.5.2: no browser and no phone has a way to such an address.
    if (canonical(address).startsWith('::ffff:'))
      return [{ path: ['node', 'addresses', index], message: 'stands for an IPv4 address: write it as one' }];
    const scope = addressScope(canonical(address));
    const isUseful = scope !== 'link-local' && scope !== 'multicast' && scope !== 'unspecified';
    return isUseful ? [] : [{ path: ['node', 'addresses', index], message: `${scope}: nobody reaches that` }];
  });
  if (addresses.length > 0 && servers.length > 0)
    faults.push({
      path: ['node', 'stun_servers'],
      message: 'node.addresses is set, which says what is announced',
    });
  return faults;
}

/**
 * The addresses that phones and browsers are told, the preferred one first: the configured ones, else all of `locals` that
 * are not internal, IPv4 before IPv6; in development loopback too, and always when there is nothing else. What STUN has
 * `discovered` stands before them.
 */
export function announcedAddresses(
  configured: readonly string[],
  locals: readonly LocalAddress[],
  mode: 'development' | 'production',
  discovered: readonly string[] = [],
): readonly string[] {
  if (configured.length > 0) return configured.map(canonical);
  const outward = (['IPv4', 'IPv6'] as const).flatMap((family) =>
    locals.filter((one) => one.family === family && !one.internal).map(({ address }) => address),
  );
  const all = [...new Set([...discovered.map(canonical), ...outward])];
  return mode === 'development' || all.length === 0 ? [...all, '127.0.0.1'] : all;
}

/** An address as the kernel writes it (RFC 5952), for comparing. */
export function canonical(address: string): string {
  const bytes = parseIPv6(address);
  return bytes === undefined ? address : formatIPv6(bytes);
}
