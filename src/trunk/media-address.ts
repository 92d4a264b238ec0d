import { AddressSet, addressScope } from './addresses.ts';
import type { InboundTrunk } from './trunk.ts';

/** Why media is not sent to an address that a phone's SDP names. */
export type MediaAddressFault =
  | 'outside-media-addresses'
  | 'loopback'
  | 'link-local'
  | 'multicast'
  | 'reserved'
  | 'invalid';

type MediaTrunk = Pick<InboundTrunk, 'mediaAddresses'>;

/**
 * Judges the c= address of a phone whose signaling came from `source`: a call out of a listed trunk must not turn us
 * against a bystander or against this machine. A trunk's media addresses are all that it may name. Without them,
 * addresses that have no meaning outside of their own network are good only for a phone that signals from there.
 * Multicast never. The null address of a phone on hold gets no media anyway and is no fault.
 */
export function mediaAddressFault(
  trunk: MediaTrunk,
  address: string,
  source: string,
): MediaAddressFault | undefined {
  const scope = addressScope(address);
  if (scope === 'unspecified') return undefined;
  if (scope === 'multicast' || scope === 'invalid') return scope;
  if (trunk.mediaAddresses.length > 0) {
    return new AddressSet(trunk.mediaAddresses).has(address) ? undefined : 'outside-media-addresses';
  }
  if (scope === 'public' || scope === 'private') return undefined;
  return addressScope(source) === scope ? undefined : scope;
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
