import { openUdpOnEach } from '../adapters/udp/every-address.ts';
import { type OpenUdp, openUdp as openNodeUdp } from '../adapters/udp/udp.ts';
import type { DatagramSocket, HostPort } from '../base/net.ts';
import { AddressSet } from '../trunk/addresses.ts';
import { type LocalAddress, localAddresses } from './local-addresses.ts';
import type { OwnAddresses } from './own-addresses.ts';

type Family = LocalAddress['family'];

/** Which family a literal address is of. */
export function familyOf(address: string): Family {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}

/** The way to tell a remote which address of ours it reaches, in the remote's own family. */
export type Announcer = (remote: { readonly address: string }) => string;

/**
 * Chooses, of our addresses, the one that a remote reaches: the one on its own network; loopback for loopback; else
 * what is announced first (behind a 1:1 NAT the public address, which no interface has). In the remote's family, whatever
 * is announced: what speaks IPv6 cannot be told an address of IPv4.
 */
export function announcer(announced: readonly string[], locals: readonly LocalAddress[]): Announcer {
  const ways = { IPv4: wayOf('IPv4', announced, locals), IPv6: wayOf('IPv6', announced, locals) };
  const known = new Map<string, string>();
  return ({ address }) => {
    const before = known.get(address);
    if (before !== undefined) return before;
    const { networks, fallback } = ways[familyOf(address)];
    const found = networks.find(({ network }) => network.has(address))?.address ?? fallback;
    // Bounded: carriers have few addresses; a spray of others only turns the memory over.
    if (known.size >= 1024) known.clear();
    known.set(address, found);
    return found;
  };
}

function wayOf(family: Family, announced: readonly string[], locals: readonly LocalAddress[]) {
  const own = locals.filter((local) => local.family === family);
  const told = announced.filter((address) => familyOf(address) === family);
  const outward = told.find((address) => !isLoopback(address)) ?? told[0];
  // Of a family of which nothing is announced, what we have is better than nothing.
  const usable =
    told.length === 0 ? own : own.filter(({ address }) => told.includes(address) || isLoopback(address));
  const networks = usable.map(({ address, cidr }) => ({ address, network: new AddressSet([cidr]) }));
  const loopback = family === 'IPv4' ? '127.0.0.1' : '::1';
  return { networks, fallback: outward ?? own[0]?.address ?? loopback };
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

/** What a wildcard stands for: on `0.0.0.0` all of IPv4, on `::` all of both families. */
const FAMILIES: Readonly<Record<string, readonly Family[]>> = { '0.0.0.0': ['IPv4'], '::': ['IPv4', 'IPv6'] };

/**
 * Opens UDP on a configured address; on `0.0.0.0` or `::`, on each address of this machine, so that answers leave by the one
 * asked. An address that is gone by then is passed over. With `own` it listens on those that come later, too.
 */
export async function openUdpOn(
  listen: HostPort,
  announced: readonly string[],
  openUdp: OpenUdp = openNodeUdp,
  own?: OwnAddresses,
): Promise<DatagramSocket> {
  const families = FAMILIES[listen.address];
  if (families === undefined) return openUdp(listen);
  const listed = () =>
    (own?.locals ?? localAddresses())
      .filter(({ family }) => families.includes(family))
      .map(({ address }) => address);
  const make = () => announcer(announced, own?.locals ?? localAddresses());
  const prefer = own?.live(make) ?? once(make());
  const options = {
    port: listen.port,
    addresses: listed(),
    prefer: (remote: { address: string }) => prefer()(remote),
  };
  const socket = await openUdpOnEach(options, openUdp);
  own?.watch(() => {
    socket.rebind(listed()).then((failed) => failed.forEach(own.fault), own.fault);
  });
  return socket;
}

function once<T>(value: T): () => T {
  return () => value;
}
