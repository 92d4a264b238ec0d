import type { Admission, SipTransport } from '../sip/ports.ts';
import { AddressSet } from './addresses.ts';
import { takes } from './transports.ts';
import type { InboundTrunk } from './trunk.ts';

/** Sources whose verdict is remembered; a spray of forged sources only turns the memory over. */
const MEMORY = 4096;

/**
 * Is this source named by any trunk, for the transport that it comes by? Asked for each datagram before it is parsed, so
 * that strangers cost next to nothing and get no reply whatever. The source is the packet's own, never a header's word.
 */
export function admission(
  trunks: readonly Pick<InboundTrunk, 'allowedAddresses' | 'transports' | 'enabled'>[],
): Admission {
  const judge = (transport: SipTransport) => judgeOf(trunks.filter((trunk) => takes(trunk, transport)));
  const judges: Readonly<Record<SipTransport, ReturnType<typeof judgeOf>>> = {
    udp: judge('udp'),
    tcp: judge('tcp'),
    tls: judge('tls'),
    ws: judge('ws'),
    wss: judge('wss'),
  };
  return ({ transport, remote }) => judges[transport](remote.address);
}

function judgeOf(trunks: readonly Pick<InboundTrunk, 'allowedAddresses'>[]) {
  const named = new AddressSet(trunks.flatMap((trunk) => trunk.allowedAddresses));
  const verdicts = new Map<string, 'admit' | 'ignore'>();
  return (address: string): 'admit' | 'ignore' => {
    const known = verdicts.get(address);
    if (known !== undefined) return known;
    const verdict = named.has(address) ? 'admit' : 'ignore';
    if (verdicts.size >= MEMORY) verdicts.clear();
    verdicts.set(address, verdict);
    return verdict;
  };
}
