import type { HostPort } from '../base/net.ts';

/** All host candidates of an ICE-lite agent, in order of preference (RFC 8445 section 5.1.2.1, RFC 8839 section 5.1). */
export function candidateLines(candidates: readonly HostPort[]): string[] {
  const lines = candidates.map(({ address, port }, index) => {
    const priority = 126 * 2 ** 24 + (65_535 - index) * 256 + 255;
    return `a=candidate:${index + 1} 1 udp ${priority} ${address} ${port} typ host`;
  });
  return [...lines, 'a=end-of-candidates'];
}
