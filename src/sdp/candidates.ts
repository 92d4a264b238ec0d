import type { HostPort } from '../base/net.ts';

/** A port of ours where a browser reaches a media worker. Over TCP we listen, and the browser connects (RFC 6544). */
export interface HostCandidate extends HostPort {
  readonly transport: 'udp' | 'tcp';
}

/** Type preference of host candidates (RFC 8445 section 5.1.2.1), and a lower one for TCP, as RFC 6544 section 4.2 wants. */
const TYPE_PREFERENCE = { udp: 126, tcp: 90 };
/** Direction preference of a passive host candidate (RFC 6544 section 4.2), in the top bits of its local preference. */
const PASSIVE = 4 * 2 ** 13;

/** All host candidates of an ICE-lite agent, in order of preference (RFC 8445 section 5.1.2.1, RFC 8839 section 5.1). */
export function candidateLines(candidates: readonly HostCandidate[]): string[] {
  const lines = candidates.map(({ transport, address, port }, index) => {
    const preference = transport === 'udp' ? 65_535 - index : PASSIVE + 8191 - index;
    const priority = TYPE_PREFERENCE[transport] * 2 ** 24 + preference * 256 + 255;
    const line = `a=candidate:${index + 1} 1 ${transport} ${priority} ${address} ${port} typ host`;
    return transport === 'udp' ? line : `${line} tcptype passive`;
  });
  return [...lines, 'a=end-of-candidates'];
}
