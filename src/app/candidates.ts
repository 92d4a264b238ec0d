import type { IcePolicy } from '../peer/context.ts';
import type { HostCandidate } from '../sdp/candidates.ts';
import { AddressSet } from '../trunk/addresses.ts';
import type { Config } from './config/schema.ts';
import { StartupError } from './startup-error.ts';

/**
 * Where browsers reach the media worker that listens on a UDP port: each announced address by UDP, the preferred one
 * first, and then by TCP. The TCP ports are counted as the UDP ports are, from the first worker's on. Who comes by TURN
 * alone is told where the relay finds us, which is by UDP. Throws a StartupError when nothing is left to be told.
 */
export function hostCandidates(
  ice: Config['ice'],
  announced: readonly string[],
): (udpPort: number, policy?: IcePolicy) => HostCandidate[] {
  const hidden = new AddressSet(ice.hidden);
  const addresses = announced.filter((address) => !hidden.has(address));
  if (addresses.length === 0) throw new StartupError('ice.hidden: hides every address that is announced');
  const relayed = ice.relay_addresses.length > 0 ? ice.relay_addresses : addresses;
  return (udpPort, policy = 'all') => {
    const tcpPort = ice.tcp_port + udpPort - ice.udp_port;
    const byUdp = (address: string) => ({ transport: 'udp' as const, address, port: udpPort });
    if (policy !== 'all') return relayed.map(byUdp);
    return [
      ...addresses.map(byUdp),
      ...(ice.tcp ? addresses.map((address) => ({ transport: 'tcp' as const, address, port: tcpPort })) : []),
    ];
  };
}
