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

type MediaTrunk = Pick<InboundTrunk, 'allowedAddresses' | 'mediaAddresses'>;

/**
 * Whether media may go to `address` (an SDP's c= line, out of a listed trunk): a call must not turn us against a
 * bystander or against this machine. Addresses of special use only where the trunk names them; multicast never. The
 * null address of a phone on hold gets no media anyway and is fine.
 */
export function mediaAddressFault(trunk: MediaTrunk, address: string): MediaAddressFault | undefined {
  const scope = addressScope(address);
  if (scope === 'unspecified') return undefined;
  if (scope === 'multicast' || scope === 'invalid') return scope;
  if (trunk.mediaAddresses.length > 0) {
    return new AddressSet(trunk.mediaAddresses).has(address) ? undefined : 'outside-media-addresses';
  }
  if (scope === 'public' || scope === 'private') return undefined;
  return new AddressSet(trunk.allowedAddresses).has(address) ? undefined : scope;
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
