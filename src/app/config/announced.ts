/** One address of this machine, as `os.networkInterfaces()` gives it. */
export interface InterfaceAddress {
  readonly address: string;
  readonly family: string;
  readonly internal: boolean;
}

/**
 * The addresses that phones and browsers are told, the preferred one first: the configured ones, else all IPv4 of this
 * machine that are not internal; in development loopback too, and always when there is nothing else.
 */
export function announcedAddresses(
  configured: readonly string[],
  interfaces: readonly (InterfaceAddress | undefined)[],
  mode: 'development' | 'production',
): readonly string[] {
  if (configured.length > 0) return configured;
  const outward = interfaces.flatMap((one) => (one?.family === 'IPv4' && !one.internal ? [one.address] : []));
  return mode === 'development' || outward.length === 0 ? [...outward, '127.0.0.1'] : outward;
}
