import { formatNameAddr } from '../sip/name-addr.ts';
import type { ExtraHeaders, SipUri } from '../sip/ports.ts';

/** How a trunk wants to be told who calls, beside From. */
export interface CallerIdentity {
  /** `asserted`: P-Asserted-Identity, `preferred`: P-Preferred-Identity (RFC 3325 section 9); carriers know the customer by it. */
  readonly header: 'none' | 'asserted' | 'preferred';
  /** `id`: the callee is not told who calls (RFC 3323 section 4.2, RFC 3325 section 9.3). */
  readonly privacy: 'none' | 'id';
}

/** How a call of ours shows its caller. */
export interface ShownCaller {
  /** From, without tag. */
  readonly from: string;
  readonly headers: ExtraHeaders;
}

/** RFC 3323 section 4.1.1.3. */
const ANONYMOUS = 'sip:anonymous@anonymous.invalid';

/**
 * What an INVITE says of its caller. `peer`: a carrier that we have a contract with, or a place that we were only sent to,
 * which learns nothing that the callee may not know (RFC 3325 section 7).
 */
export function showCaller(
  { header, privacy }: CallerIdentity,
  caller: { readonly display: string; readonly uri: SipUri },
  peer: 'carrier' | 'elsewhere',
): ShownCaller {
  const plain = formatNameAddr(caller.display, caller.uri);
  const headers: [string, string][] = [];
  const isTold = privacy === 'none' || peer === 'carrier';
  if (header !== 'none' && isTold) {
    headers.push([header === 'asserted' ? 'P-Asserted-Identity' : 'P-Preferred-Identity', plain]);
  }
  if (privacy === 'none') return { from: plain, headers };
  return { from: `"Anonymous" <${ANONYMOUS}>`, headers: [...headers, ['Privacy', 'id']] };
}
