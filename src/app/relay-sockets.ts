import { openUdp } from '../adapters/udp/udp.ts';
import type { DatagramSocket } from '../base/net.ts';
import { familyOf } from './addresses.ts';
import type { LocalAddress } from './local-addresses.ts';

/** Where the TURN server's relays of one family are. */
export interface RelayPlace {
  /** What clients and peers are told. */
  readonly address: string;
  /** Opens the socket of a relay; undefined when the port is taken. */
  open(port: number, opened: (socket: DatagramSocket | undefined) => void): void;
}

/** The place for relays of a family: at its first announced address; undefined when none of that family is announced. */
export function relayPlace(
  family: LocalAddress['family'],
  announced: readonly string[],
  locals: readonly LocalAddress[],
): RelayPlace | undefined {
  const address = announced.find((one) => familyOf(one) === family);
  if (address === undefined) return undefined;
  // Behind a 1:1 NAT the announced address is on no interface.
  const isLocal = locals.some((local) => local.address === address);
  const bind = isLocal ? address : family === 'IPv4' ? '0.0.0.0' : '::';
  return {
    address,
    open: (port, opened) => {
      openUdp({ address: bind, port }).then(opened, () => opened(undefined));
    },
  };
}
