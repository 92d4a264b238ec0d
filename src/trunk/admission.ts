import type { Admission } from '../sip/ports.ts';
import { AddressSet } from './addresses.ts';
import type { InboundTrunk } from './trunk.ts';

/** Sources whose verdict is remembered; a spray of forged sources only turns the memory over. */
const MEMORY = 4096;

/**
 * Is this source named by any trunk? Asked for each datagram before it is parsed, so that strangers cost next to
 * nothing and get no reply whatever. The source is the packet's own, never a header's word.
 */
export function admission(trunks: readonly Pick<InboundTrunk, 'allowedAddresses'>[]): Admission {
  const named = new AddressSet(trunks.flatMap((trunk) => trunk.allowedAddresses));
  const verdicts = new Map<string, 'admit' | 'ignore'>();
  return ({ remote }) => {
    const known = verdicts.get(remote.address);
    if (known !== undefined) return known;
    const verdict = named.has(remote.address) ? 'admit' : 'ignore';
    if (verdicts.size >= MEMORY) verdicts.clear();
    verdicts.set(remote.address, verdict);
    return verdict;
  };
}
