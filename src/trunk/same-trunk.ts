import type { Flow } from '../sip/ports.ts';
import { AddressSet } from './addresses.ts';
import type { InboundTrunk } from './trunk.ts';

/**
 * May the requests of a dialog on one flow come on another? Yes if one trunk names both ends: carriers have several addresses, and
 * a BYE may come from another than the INVITE. For `SipEndpointOptions.isTrustedPeer`.
 */
export function sameTrunk(
  trunks: readonly Pick<InboundTrunk, 'allowedAddresses'>[],
): (flow: Flow, dialogFlow: Flow) => boolean {
  const named = trunks.map((trunk) => new AddressSet(trunk.allowedAddresses));
  return ({ remote }, dialogFlow) =>
    named.some((addresses) => addresses.has(remote.address) && addresses.has(dialogFlow.remote.address));
}
