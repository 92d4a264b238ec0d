import { networkInterfaces } from 'node:os';
import { openUdpOnEach } from '../adapters/udp/every-address.ts';
import { type OpenUdp, openUdp as openNodeUdp } from '../adapters/udp/udp.ts';
import type { DatagramSocket, HostPort } from '../base/net.ts';
import { AddressSet } from '../trunk/addresses.ts';

/** An address of this machine, and the network that it is in, `192.0.2.5/24`. */
export interface LocalAddress {
  readonly address: string;
  readonly cidr: string;
}

/** IPv4 addresses of this machine, loopback last. */
export function localAddresses(): LocalAddress[] {
  return addressesOf('IPv4');
}

/** IPv6 addresses of this machine, loopback last; those of a link only are left out. */
export function localAddressesV6(): LocalAddress[] {
  return addressesOf('IPv6').filter(({ address }) => !address.startsWith('fe80:'));
}

function addressesOf(family: 'IPv4' | 'IPv6'): LocalAddress[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const own = all.filter((one) => one.family === family && one.cidr !== null);
  const ordered = [...own.filter((one) => !one.internal), ...own.filter((one) => one.internal)];
  return ordered.map((one) => ({ address: one.address, cidr: one.cidr ?? one.address }));
}

/** The address of ours for SIP with an IPv6 peer: on its network, else one that is announced, else any. */
export function announcerV6(
  announced: readonly string[],
  locals: readonly LocalAddress[],
): (remote: { readonly address: string }) => string {
  const networks = locals.map((local) => ({ ...local, network: new AddressSet([local.cidr]) }));
  const fallback = announced.find((address) => address.includes(':')) ?? locals[0]?.address ?? '::1';
  return ({ address }) => networks.find(({ network }) => network.has(address))?.address ?? fallback;
}

/**
 * Chooses, of our addresses, the one that a remote reaches: the one on its own network; loopback for loopback; else
 * what is announced first (behind a 1:1 NAT the public address, which no interface has).
 */
export function announcer(
  announced: readonly string[],
  locals: readonly LocalAddress[],
): (remote: { readonly address: string }) => string {
  const networks = locals
    .filter((local) => announced.includes(local.address) || local.address.startsWith('127.'))
    .map((local) => ({ address: local.address, network: new AddressSet([local.cidr]) }));
  const fallback = announced.find((address) => !address.startsWith('127.')) ?? announced[0] ?? '127.0.0.1';
  const known = new Map<string, string>();
  return ({ address }) => {
    const before = known.get(address);
    if (before !== undefined) return before;
    const found = networks.find(({ network }) => network.has(address))?.address ?? fallback;
    // Bounded: carriers have few addresses; a spray of others only turns the memory over.
    if (known.size >= 1024) known.clear();
    known.set(address, found);
    return found;
  };
}

/** Opens UDP on a configured address; on `0.0.0.0`, on each address of this machine, so that answers leave by the one asked. */
export function openUdpOn(
  listen: HostPort,
  announced: readonly string[],
  openUdp: OpenUdp = openNodeUdp,
): Promise<DatagramSocket> {
  if (listen.address !== '0.0.0.0') return openUdp(listen);
  const locals = localAddresses();
  const addresses = locals.map((local) => local.address);
  return openUdpOnEach({ port: listen.port, addresses, prefer: announcer(announced, locals) }, openUdp);
}
