import type { Flow } from '../sip/ports.ts';
import { AddressSet } from './addresses.ts';
import { takes } from './transports.ts';
import type { InboundTrunk } from './trunk.ts';

/**
 * May the requests of a dialog on one flow come on another? Yes if one trunk names both ends: carriers have several addresses, and
 * a BYE may come from another than the INVITE. For `SipEndpointOptions.isTrustedPeer`.
 */
export function sameTrunk(
  trunks: readonly Pick<InboundTrunk, 'allowedAddresses' | 'transports' | 'enabled'>[],
): (flow: Flow, dialogFlow: Flow) => boolean {
  const named = trunks.map((trunk) => ({ trunk, addresses: new AddressSet(trunk.allowedAddresses) }));
  return (flow, dialogFlow) =>
    named.some(({ trunk, addresses }) =>
      [flow, dialogFlow].every(
        ({ transport, remote }) => takes(trunk, transport) && addresses.has(remote.address),
      ),
    );
}
