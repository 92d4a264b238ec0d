import type { SipTransport } from '../sip/ports.ts';

/** By what a trunk's calls may come; `ws` with and without TLS: it is the proxy before us that has the certificate. */
export type TrunkTransport = 'udp' | 'tcp' | 'tls' | 'ws';

const WITHOUT_WEB: readonly TrunkTransport[] = ['udp', 'tcp', 'tls'];

/** Whether a trunk takes what comes by `transport`. */
export function takes(
  { transports = WITHOUT_WEB }: { readonly transports?: readonly TrunkTransport[] | undefined },
  transport: SipTransport,
): boolean {
  return transports.includes(transport === 'wss' ? 'ws' : transport);
}
