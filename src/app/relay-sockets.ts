import type { OpenUdp } from '../adapters/udp/udp.ts';
import type { AddressFamily } from '../stun/address.ts';
import { familyOf } from '../stun/address.ts';
import type { RelayAddresses, RelayOpener } from '../turn/ports.ts';
import type { LocalAddress } from './local-addresses.ts';

/** Where the TURN server's relays are, and who opens their sockets. */
export interface RelayPlaces {
  /** What clients and peers are told. */
  readonly addresses: RelayAddresses;
  readonly opener: RelayOpener;
}

const ANY: Readonly<Record<AddressFamily, string>> = { ipv4: '0.0.0.0', ipv6: '::' };

/** Relays at the first announced address of each family, on sockets of the kernel's. */
export function relayPlaces(
  announced: readonly string[],
  locals: readonly LocalAddress[],
  sockets: { readonly open: OpenUdp; readonly sendsWhole: boolean },
): RelayPlaces {
  const first = (family: AddressFamily) => announced.find((address) => familyOf(address) === family);
  const [ipv4, ipv6] = [first('ipv4'), first('ipv6')];
  const addresses = { ...(ipv4 === undefined ? {} : { ipv4 }), ...(ipv6 === undefined ? {} : { ipv6 }) };
  return {
    addresses,
    opener: {
      sendsWhole: sockets.sendsWhole,
      open: (family, port, opened) => {
        const told = addresses[family];
        // Behind a 1:1 NAT the announced address is on no interface.
        const isLocal = told !== undefined && locals.some(({ address }) => address === told);
        const address = isLocal ? told : ANY[family];
        sockets.open({ address, port }).then(opened, () => opened(undefined));
      },
    },
  };
}
