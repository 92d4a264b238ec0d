import type { Digests } from '../base/digests.ts';
import type { Random } from '../base/random.ts';
import type { EventSink } from '../events/index.ts';
import { type Account, DigestClient } from '../sip/digest/client.ts';
import type { Authenticator } from '../sip/ports.ts';
import type { OutboundTrunk } from './outbound.ts';

/**
 * What proves us to each trunk's carrier: one for all calls of a trunk, so that a nonce that one call was given serves the next
 * ones too (RFC 7616 section 3.6).
 */
export class TrunkAccounts {
  readonly #parts: {
    readonly digests: Digests;
    readonly random: Random;
    readonly emit: EventSink;
  };
  readonly #byTrunk = new Map<string, { readonly account: Account; readonly client: DigestClient }>();

  constructor(parts: { readonly digests: Digests; readonly random: Random; readonly emit: EventSink }) {
    this.#parts = parts;
  }

  /** Undefined for a trunk without an account. */
  readonly of = ({ id, account }: Pick<OutboundTrunk, 'id' | 'account'>): Authenticator | undefined => {
    if (account === undefined) return undefined;
    const known = this.#byTrunk.get(id);
    // A trunk may come back with another account.
    if (known?.account === account) return known.client;
    const { digests, random, emit } = this.#parts;
    const onWithheld = (reason: string, realm: string) =>
      emit({ type: 'trunk.withheld', trunk: id, reason, realm });
    const client = new DigestClient({ account, digests, random, onWithheld });
    this.#byTrunk.set(id, { account, client });
    return client;
  };

  /** Forgets trunks that are gone. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#byTrunk.keys()) if (!ids.has(id)) this.#byTrunk.delete(id);
  }
}
