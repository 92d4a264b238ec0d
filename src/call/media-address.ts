import { addressScope } from '../trunk/addresses.ts';

/** Why no media may go to an address that an SDP names. */
export type MediaAddressFault = 'multicast' | 'loopback' | 'reserved' | 'link-local';

/**
 * Judges the c= address of a phone whose signaling came from `source`. An unspecified address is old-style hold and no
 * fault. Loopback is good only for a phone on this machine, for otherwise an INVITE would make us send to ourselves; and
 * so with the other ranges that have no meaning outside of their own network.
 */
export function mediaAddressFault(address: string, source: string): MediaAddressFault | undefined {
  const scope = addressScope(address);
  switch (scope) {
    case 'public':
    case 'private':
    case 'unspecified':
      return undefined;
    case 'loopback':
    case 'link-local':
    case 'reserved':
      return addressScope(source) === scope ? undefined : scope;
    case 'multicast':
      return 'multicast';
    case 'invalid':
      return 'reserved';
  }
}
