import { formatIPv6, parseIPv6 } from '../../stun/ip-text.ts';
import type { LocalAddress } from '../local-addresses.ts';

/**
 * The addresses that phones and browsers are told, the preferred one first: the configured ones, else all of this machine that
 * are not internal, IPv4 before IPv6; in development loopback too, and always when there is nothing else.
 */
export function announcedAddresses(
  configured: readonly string[],
  locals: readonly LocalAddress[],
  mode: 'development' | 'production',
): readonly string[] {
  if (configured.length > 0) return configured.map(canonical);
  const outward = (['IPv4', 'IPv6'] as const).flatMap((family) =>
    locals.filter((one) => one.family === family && !one.internal).map(({ address }) => address),
  );
  return mode === 'development' || outward.length === 0 ? [...outward, '127.0.0.1'] : outward;
}

/** An address as the kernel writes it (RFC 5952), for comparing. */
function canonical(address: string): string {
  const bytes = parseIPv6(address);
  return bytes === undefined ? address : formatIPv6(bytes);
}
