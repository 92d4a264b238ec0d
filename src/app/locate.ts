import { lookup } from 'node:dns';
import { isIP } from 'node:net';
import type { NextHop, SipTransport } from '../sip/ports.ts';
import type { Target } from '../trunk/outbound.ts';

/** RFC 3261 section 19.1.2. */
function defaultPort(transport: SipTransport): number {
  return transport === 'tls' ? 5061 : 5060;
}

/** Where a target is: at once for an address, by the system's resolver for a name. A name that is not found is nowhere. */
export function locateTarget(target: Target, found: (hops: readonly NextHop[]) => void): void {
  const { host, transport, port = defaultPort(transport) } = target;
  const hop = (address: string): NextHop => ({ transport, remote: { address, port }, name: host });
  if (isIP(host) !== 0) {
    found([hop(host)]);
    return;
  }
  lookup(host, { all: true, order: 'ipv4first' }, (error, addresses) =>
    found(error === null ? addresses.map(({ address }) => hop(address)) : []),
  );
}
