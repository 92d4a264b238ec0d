import type { HostPort } from '../base/net.ts';
import { AddressSet, addressScope } from './addresses.ts';
import type { MediaPolicy } from './media-policy.ts';
import type { InboundTrunk } from './trunk.ts';

/** Why media is not sent to an address that a phone's SDP names. */
export type MediaAddressFault =
  | 'outside-media-addresses'
  | 'our-own-port'
  | 'loopback'
  | 'link-local'
  | 'multicast'
  | 'reserved'
  | 'invalid';

type MediaTrunk = Pick<InboundTrunk, 'mediaAddresses'>;

/**
 * Judges the c= address of a phone whose signaling came from `source`: a call out of a listed trunk must not turn us
 * against a bystander or against this machine. A trunk's media addresses are all that it may name. Without them,
 * addresses that have no meaning outside of their own network are good only in development, for a phone that signals from
 * there. Multicast and our own ports never. The null address of a phone on hold gets no media anyway and is no fault.
 */
export function mediaAddressFault(
  trunk: MediaTrunk,
  remote: HostPort,
  source: string,
  policy?: MediaPolicy,
): MediaAddressFault | undefined {
  const { address } = remote;
  const scope = addressScope(address);
  if (scope === 'unspecified') return undefined;
  if (scope === 'multicast' || scope === 'invalid') return scope;
  if (policy?.isOwn(remote) === true) return 'our-own-port';
  if (trunk.mediaAddresses.length > 0) {
    return compiled(trunk.mediaAddresses).has(address) ? undefined : 'outside-media-addresses';
  }
  if (scope === 'public' || scope === 'private') return undefined;
  return policy?.mode !== 'production' && addressScope(source) === scope ? undefined : scope;
}

/**
 * Whether somebody but the SDP itself speaks for an address: the trunk's lists, or that the signaling comes from there. Any
 * other gets no media before the ACK, which proves that the signaling is where it says.
 */
export function isVouchedFor(
  trunk: Pick<InboundTrunk, 'mediaAddresses' | 'allowedAddresses'>,
  address: string,
  source: string,
): boolean {
  if (addressScope(address) === 'unspecified') return true;
  if (compiled(trunk.mediaAddresses).has(address) || compiled(trunk.allowedAddresses).has(address))
    return true;
  // IPv6 addresses may be written in several ways.
  return address === source || new AddressSet([source]).has(address);
}

/** By the trunk's own list: a trunk asks for each of its calls, and its lists never change. */
const compiledLists = new WeakMap<readonly string[], AddressSet>();

function compiled(addresses: readonly string[]): AddressSet {
  const known = compiledLists.get(addresses);
  if (known !== undefined) return known;
  const made = new AddressSet(addresses);
  compiledLists.set(addresses, made);
  return made;
}

/**
 * Sources that the RTP of a call may come from (restricted latching): the trunk's media addresses, else what the SDP
 * says and where the signaling came from.
 */
export function allowedMediaSources(
  trunk: MediaTrunk,
  sdpAddress: string,
  signalingSource: string,
): readonly string[] {
  if (trunk.mediaAddresses.length > 0) return trunk.mediaAddresses;
  const sources =
    addressScope(sdpAddress) === 'unspecified' ? [signalingSource] : [sdpAddress, signalingSource];
  return [...new Set(sources)];
}
