import ipaddr from 'ipaddr.js';
import { isDisguised, isNeverPeer } from './refused-peers.ts';

/** May this peer be talked to? Address in canonical text. */
export type PeerRule = (address: string, port: number) => boolean;

export interface PeerRuleOptions {
  /** Where browsers' media is taken: at these addresses, on these UDP ports. */
  readonly media: { readonly addresses: readonly string[]; readonly ports: readonly number[] };
  /** All addresses of this machine: of them nothing but media is a peer. */
  readonly own: readonly string[];
  /** Networks that may be talked to besides, as CIDR or plain addresses. */
  readonly networks: readonly string[];
}

/** Addresses whose verdict is remembered; beyond, the memory starts anew. */
const MEMORY = 1024;

/**
 * This gateway's own media ports, and what is allowed by name; all else is refused, and some of it whatever is allowed
 * ({@link isNeverPeer}): 403 in RFC 8656 section 9.2. Made for being asked for every packet.
 */
export function peerRule({ media, own, networks }: PeerRuleOptions): PeerRule {
  const ports = new Set(media.ports);
  const addresses = new Set(media.addresses.filter((address) => !isDisguised(address)));
  const isMedia: PeerRule = (address, port) => ports.has(port) && addresses.has(address);
  if (networks.length === 0) return isMedia;
  const mine = new Set([...own, ...media.addresses]);
  const allowed = networks.map(cidrOf);
  const verdicts = new Map<string, boolean>();
  const isAllowed = (address: string): boolean => {
    const known = verdicts.get(address);
    if (known !== undefined) return known;
    const verdict = !mine.has(address) && !isNeverPeer(address) && isWithin(address, allowed);
    if (verdicts.size >= MEMORY) verdicts.clear();
    verdicts.set(address, verdict);
    return verdict;
  };
  return (address, port) => port > 0 && (isMedia(address, port) || isAllowed(address));
}

type Network = ReturnType<typeof ipaddr.parseCIDR>;

function cidrOf(text: string): Network {
  if (text.includes('/')) return ipaddr.parseCIDR(text);
  const address = ipaddr.parse(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

function isWithin(text: string, networks: readonly Network[]): boolean {
  const address = ipaddr.parse(text);
  return networks.some(
    ([network, bits]) => network.kind() === address.kind() && address.match(network, bits),
  );
}
