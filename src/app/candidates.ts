import type { HostCandidate } from '../sdp/candidates.ts';
import type { Config } from './config/schema.ts';

/**
 * Where browsers reach the media worker that listens on a UDP port: each announced address by UDP, the preferred one
 * first, and then by TCP. The TCP ports are counted as the UDP ports are, from the first worker's on.
 */
export function hostCandidates(
  ice: Config['ice'],
  addresses: readonly string[],
): (udpPort: number) => HostCandidate[] {
  return (udpPort) => {
    const tcpPort = ice.tcp_port + udpPort - ice.udp_port;
    return [
      ...addresses.map((address) => ({ transport: 'udp' as const, address, port: udpPort })),
      ...(ice.tcp ? addresses.map((address) => ({ transport: 'tcp' as const, address, port: tcpPort })) : []),
    ];
  };
}
