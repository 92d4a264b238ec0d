import type { SipTransport } from '../sip/ports.ts';

/** By what a trunk's calls may come; `ws` with and without TLS: it is the proxy before us that has the certificate. */
export type TrunkTransport = 'udp' | 'tcp' | 'tls' | 'ws';

const WITHOUT_WEB: readonly TrunkTransport[] = ['udp', 'tcp', 'tls'];

/** Whether a trunk takes what comes by `transport`; one that is not enabled takes nothing. */
export function takes(
  {
    transports = WITHOUT_WEB,
    enabled,
  }: {
    readonly transports?: readonly TrunkTransport[] | undefined;
    readonly enabled?: boolean | undefined;
  },
  transport: SipTransport,
): boolean {
  return enabled !== false && transports.includes(transport === 'wss' ? 'ws' : transport);
}
