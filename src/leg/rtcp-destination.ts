import type { HostPort } from '../base/net.ts';
import type { LegDescription } from './description.ts';

/**
 * The port that RTCP goes to: where RTP goes when both agreed on that (RFC 5761), else the one that the SDP named, or beside
 * the learned one when the phone is behind a NAT. Undefined when there is none.
 */
export function rtcpPort(
  { remote, rtcpMux, sending }: LegDescription,
  destination: HostPort,
): number | undefined {
  if (remote.rtcpPort === 0 || sending === 'withheld') return undefined;
  if (rtcpMux === true) return destination.port;
  const moved = destination.address !== remote.address || destination.port !== remote.port;
  const port = moved ? destination.port + 1 : remote.rtcpPort;
  return port > 65_535 ? undefined : port;
}
